// @vitest-environment jsdom
import { afterEach, beforeEach, expect, test, vi } from 'vitest'

const NOON = Date.parse('2026-11-24T12:00:00.000Z')
const HOUR = 3_600_000
const at = (ms: number) => new Date(ms).toISOString()
let clock: typeof import('./clock.svelte').clock

/** Sets the device's clock by `ms`; no time passes. */
const set = (ms: number) => vi.setSystemTime(Date.now() + ms)
const pass = (ms: number) => vi.advanceTimersByTime(ms)

beforeEach(async () => {
  vi.resetModules()
  vi.useFakeTimers({ now: NOON })
  clock = (await import('./clock.svelte')).clock
})
afterEach(() => {
  vi.useRealTimers()
})

test('without an answer the device is believed, with one the server, to the millisecond', () => {
  expect(clock.exact()).toBe(NOON)
  clock.learn(at(NOON + 1_234))
  expect(clock.exact()).toBe(NOON + 1_234)
  pass(60_000)
  expect(clock.exact()).toBe(NOON + 61_234)
})

test.each([-HOUR, -3_000])('a device whose clock is set back by %d ms goes on', (by) => {
  clock.learn(at(NOON))
  pass(1_000)
  set(by)
  expect(clock.exact()).toBe(NOON + 1_000)
  expect(clock.unsure).toBe(false)
})

test('a device that was an hour ahead and is put right goes on', () => {
  set(HOUR)
  clock.learn(at(NOON))
  expect(clock.exact()).toBe(NOON)
  set(-HOUR)
  expect(clock.exact()).toBe(NOON)
})

test('a device that slept or was set forward is unsure until the server says which', () => {
  clock.learn(at(NOON))
  set(HOUR)
  expect(clock.unsure).toBe(true)
  clock.learn(at(NOON + 50))
  expect(clock.unsure).toBe(false)
  expect(clock.exact()).toBe(NOON + 50)
})

test('an answer that took long does not set it back, and a server that was put right does', () => {
  clock.learn(at(NOON))
  pass(5_000)
  clock.learn(at(NOON + 4_400))
  expect(clock.exact()).toBe(NOON + 5_000)
  clock.learn(at(NOON + 5_000 - 2 * HOUR))
  expect(clock.exact()).toBe(NOON + 5_000 - 2 * HOUR)
})

test('a text that is no time is not believed', () => {
  clock.learn(null)
  clock.learn('soon')
  expect(clock.exact()).toBe(NOON)
})
