import { expect, test } from 'vitest'
import { backoff } from './backoff'

test('doubles from one second up to thirty', () => {
  expect([0, 1, 2, 3, 4, 5, 50].map((failures) => backoff(failures, 1))).toEqual([
    1000, 2000, 4000, 8000, 16000, 30000, 30000,
  ])
})

test('leaves half of the pause to chance', () => {
  expect(backoff(3, 0)).toBe(4000)
  expect(backoff(3, 0.5)).toBe(6000)
})
