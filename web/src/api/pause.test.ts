// @vitest-environment jsdom
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { acting } from './acting'
import { ApiError } from './error'
import { pause } from './pause'

const ENTRIES = '/api/v1/entries'
const often = (ms: number) => new ApiError(429, { code: 'rate_limited' }, ms)
const busy = (code: string) => new ApiError(503, { code }, 5_000)
const refusedFor = async (path = ENTRIES) =>
  pause.pass(path).then(
    () => 0,
    (problem: unknown) => (problem as ApiError).retryAfter,
  )

beforeEach(() => {
  vi.useFakeTimers()
  localStorage.clear()
  acting.as = 'ada'
})
afterEach(() => {
  vi.useRealTimers()
})

test('nothing goes before its time, and then one goes first', async () => {
  pause.begin(often(9_000), ENTRIES)
  expect(await refusedFor()).toBe(9_000)
  await vi.advanceTimersByTimeAsync(8_000)
  expect(await refusedFor()).toBe(1_000)
  await vi.advanceTimersByTimeAsync(1_000)
  const done = await pause.pass(ENTRIES)
  let second = false
  const waits = pause.pass(ENTRIES).then(() => (second = true))
  await vi.advanceTimersByTimeAsync(1_000)
  expect(second).toBe(false)
  done(true)
  await vi.advanceTimersByTimeAsync(200)
  await waits
  expect(await refusedFor()).toBe(0)
})

test('where the first uses up what there was, the next goes first again', async () => {
  pause.begin(often(1_000), ENTRIES)
  await vi.advanceTimersByTimeAsync(1_000)
  ;(await pause.pass(ENTRIES))(false)
  const next = await pause.pass(ENTRIES)
  pause.begin(often(3_000), ENTRIES)
  next(false)
  expect(await refusedFor()).toBe(3_000)
})

test('a sign-in that is refused keeps back no other request, and others are not kept back for somebody else', async () => {
  pause.begin(often(90_000), '/api/v1/auth/login')
  expect(await refusedFor()).toBe(0)
  expect(await refusedFor('/api/v1/auth/login')).toBe(90_000)
  pause.begin(often(9_000), ENTRIES)
  acting.as = 'bob'
  expect(await refusedFor()).toBe(0)
})

test('a press may try a busy server, and not one that was asked too often', async () => {
  pause.begin(busy('unavailable'), ENTRIES)
  expect(await refusedFor()).toBe(5_000)
  pause.lift()
  expect(await refusedFor()).toBe(0)
  pause.begin(often(5_000), ENTRIES)
  pause.lift()
  expect(await refusedFor()).toBe(5_000)
})

test.each(['maintenance', 'read_only'])('%s keeps nobody from reading', async (code) => {
  pause.begin(busy(code), ENTRIES)
  expect(await refusedFor()).toBe(0)
})

test('a device whose clock is set back does not wait for that', async () => {
  pause.begin(often(9_000), ENTRIES)
  vi.setSystemTime(Date.now() - 3_600_000)
  expect(await refusedFor()).toBe(0)
})
