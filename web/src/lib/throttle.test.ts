import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { throttle } from './throttle'

beforeEach(() => {
  vi.useFakeTimers()
})
afterEach(() => {
  vi.useRealTimers()
})

test('the first wish is met at once, and all that come within the time once at its end', () => {
  const met = vi.fn()
  const throttled = throttle(met, 60_000)
  throttled()
  expect(met).toHaveBeenCalledTimes(1)
  for (let second = 0; second < 59; second += 1) {
    vi.advanceTimersByTime(1_000)
    throttled()
  }
  expect(met).toHaveBeenCalledTimes(1)
  vi.advanceTimersByTime(1_000)
  expect(met).toHaveBeenCalledTimes(2)
})

test('a wish that is met at the end of the time begins another', () => {
  const met = vi.fn()
  const throttled = throttle(met, 60_000)
  for (let second = 0; second < 15 * 60; second += 1) {
    throttled()
    vi.advanceTimersByTime(1_000)
  }
  expect(met.mock.calls.length).toBeLessThanOrEqual(16)
})

test('nothing is done without a wish, and the next after a while is met at once', () => {
  const met = vi.fn()
  const throttled = throttle(met, 60_000)
  throttled()
  vi.advanceTimersByTime(600_000)
  expect(met).toHaveBeenCalledTimes(1)
  throttled()
  expect(met).toHaveBeenCalledTimes(2)
})

test('a wish that is stopped is not met later', () => {
  const met = vi.fn()
  const throttled = throttle(met, 60_000)
  throttled()
  throttled()
  throttled.stop()
  vi.advanceTimersByTime(60_000)
  expect(met).toHaveBeenCalledTimes(1)
})
