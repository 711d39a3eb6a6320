import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { Seldom } from './seldom'

beforeEach(() => {
  vi.useFakeTimers()
})
afterEach(() => {
  vi.useRealTimers()
})

test('the first wish is met at once, and all that come within the time once at its end', () => {
  const met = vi.fn()
  const seldom = new Seldom(met, 60_000)
  seldom.wish()
  expect(met).toHaveBeenCalledTimes(1)
  for (let second = 0; second < 59; second += 1) {
    vi.advanceTimersByTime(1_000)
    seldom.wish()
  }
  expect(met).toHaveBeenCalledTimes(1)
  vi.advanceTimersByTime(1_000)
  expect(met).toHaveBeenCalledTimes(2)
})

test('what is met at the end of the time begins another', () => {
  const met = vi.fn()
  const seldom = new Seldom(met, 60_000)
  for (let second = 0; second < 15 * 60; second += 1) {
    seldom.wish()
    vi.advanceTimersByTime(1_000)
  }
  expect(met.mock.calls.length).toBeLessThanOrEqual(16)
})

test('nothing is done without a wish, and the next after a while is met at once', () => {
  const met = vi.fn()
  const seldom = new Seldom(met, 60_000)
  seldom.wish()
  vi.advanceTimersByTime(600_000)
  expect(met).toHaveBeenCalledTimes(1)
  seldom.wish()
  expect(met).toHaveBeenCalledTimes(2)
})

test('what is stopped is not met later', () => {
  const met = vi.fn()
  const seldom = new Seldom(met, 60_000)
  seldom.wish()
  seldom.wish()
  seldom.stop()
  vi.advanceTimersByTime(60_000)
  expect(met).toHaveBeenCalledTimes(1)
})
