// @vitest-environment jsdom
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { acting } from './acting'
import { ApiError } from './error'
import { pause } from './pause'

const READING = '/api/v1/people'
const ENTRIES = '/api/v1/entries'
const LOGIN = '/api/v1/auth/login'
const often = (ms: number) => new ApiError(429, { code: 'rate_limited' }, ms)
const busy = (code: string) => new ApiError(503, { code }, 5_000)
const pass = (path = READING) => pause.pass('GET', path)
const refusedFor = async (path = READING, method = 'GET') =>
  pause.pass(method, path).then(
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
  pause.begin(often(9_000), 'general')
  expect(await refusedFor()).toBe(9_000)
  await vi.advanceTimersByTimeAsync(8_000)
  expect(await refusedFor()).toBe(1_000)
  await vi.advanceTimersByTimeAsync(1_000)
  const done = await pass()
  let second = false
  const waits = pass().then(() => (second = true))
  await vi.advanceTimersByTimeAsync(1_000)
  expect(second).toBe(false)
  done(true)
  await vi.advanceTimersByTimeAsync(200)
  await waits
  expect(await refusedFor()).toBe(0)
})

test('where the first uses up what there was, the next goes first again', async () => {
  pause.begin(often(1_000), 'general')
  await vi.advanceTimersByTimeAsync(1_000)
  ;(await pass())(false)
  const next = await pass()
  pause.begin(often(3_000), 'general')
  next(false)
  expect(await refusedFor()).toBe(3_000)
})

test('each budget waits by itself', async () => {
  pause.begin(often(90_000), 'auth')
  expect(await refusedFor()).toBe(0)
  expect(await refusedFor(LOGIN, 'POST')).toBe(90_000)
  pause.begin(often(9_000), 'general')
  expect(await refusedFor()).toBe(9_000)
  expect(await refusedFor(ENTRIES, 'POST')).toBe(0)
  expect(await refusedFor('/api/v1/admin/users')).toBe(0)
  pause.begin(often(7_000), 'log')
  expect(await refusedFor(`${ENTRIES}/7`, 'DELETE')).toBe(7_000)
  expect(await refusedFor('/api/v1/admin/users')).toBe(0)
})

test('nobody is held back by what somebody else was told', async () => {
  pause.begin(often(9_000), 'general')
  acting.as = 'bob'
  expect(await refusedFor()).toBe(0)
})

test.each([
  ['a penalty', () => new ApiError(429, { code: 'penalised' }, 60_000)],
  ['a busy server', () => new ApiError(503, { code: 'busy' }, 60_000)],
  ['a refusal that does not say what it counted', () => often(60_000)],
])('%s holds back all but signing in and registering', async (_, problem) => {
  pause.begin(problem(), problem().code === 'busy' ? 'general' : null)
  expect(await refusedFor()).toBe(60_000)
  expect(await refusedFor(ENTRIES, 'POST')).toBe(60_000)
  expect(await refusedFor('/api/v1/admin/users')).toBe(60_000)
  expect(await refusedFor(LOGIN, 'POST')).toBe(0)
  expect(await refusedFor('/api/v1/auth/register', 'POST')).toBe(0)
})

test('after a penalty one request goes first, whatever it counts in, unless its own budget holds it back', async () => {
  pause.begin(new ApiError(429, { code: 'penalised' }, 1_000), null)
  pause.begin(often(20_000), 'log')
  await vi.advanceTimersByTimeAsync(1_000)
  expect(await refusedFor(ENTRIES, 'POST')).toBe(19_000)
  const done = await pass()
  let second = false
  const waits = pass('/api/v1/admin/users').then(() => (second = true))
  await vi.advanceTimersByTimeAsync(1_000)
  expect(second).toBe(false)
  done(true)
  await vi.advanceTimersByTimeAsync(200)
  await waits
})

test('one that goes first and is never answered is waited for a while', async () => {
  pause.begin(often(1_000), 'general')
  await vi.advanceTimersByTimeAsync(1_000)
  await pass()
  const waits = pass()
  await vi.advanceTimersByTimeAsync(5_200)
  await waits
})

test('a press may try a busy server, and not one that was asked too often', async () => {
  pause.begin(busy('unavailable'), null)
  expect(await refusedFor()).toBe(5_000)
  pause.lift()
  expect(await refusedFor()).toBe(0)
  pause.begin(often(5_000), 'general')
  pause.lift()
  expect(await refusedFor()).toBe(5_000)
})

test.each(['maintenance', 'read_only'])('%s keeps nobody from reading', async (code) => {
  pause.begin(busy(code), null)
  expect(await refusedFor()).toBe(0)
})

test('a device whose clock is set back does not wait for that', async () => {
  pause.begin(often(9_000), 'general')
  vi.setSystemTime(Date.now() - 3_600_000)
  expect(await refusedFor()).toBe(0)
})
