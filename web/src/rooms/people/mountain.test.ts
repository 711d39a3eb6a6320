import { expect, test } from 'vitest'
import { ridge, slopePath } from './mountain'

test('the ridge rises at every step and stays in its box', () => {
  const heights = Array.from({ length: 101 }, (_, index) => ridge(index / 100))
  for (const [index, height] of heights.entries()) {
    expect(height).toBeGreaterThan(heights[index - 1] ?? 0)
    expect(height).toBeLessThan(1)
  }
})

test('the slope is closed along the foot', () => {
  const path = slopePath(100, 50)
  expect(path.startsWith('M0 50 L0.0 ')).toBe(true)
  expect(path.endsWith(' L100 50 Z')).toBe(true)
})
