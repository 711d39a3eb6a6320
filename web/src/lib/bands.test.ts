import { expect, test } from 'vitest'
import { bandText, dayBandText, levelsOf } from './bands'

test('a band says what it is about', () => {
  expect(bandText('altitude', 'low', 'ml')).toBe('Low, 1 to 3')
  expect(bandText('altitude', 'high', 'ml')).toBe('High, 8 to 10')
  expect(bandText('water', 'low', 'ml')).toBe('Low, below 200\u00a0ml')
  expect(bandText('water', 'middle', 'ml')).toBe('Middle, from 200\u00a0ml to below 400\u00a0ml')
  expect(bandText('water', 'high', 'fl_oz')).toBe('High, from 13.5\u00a0fl\u00a0oz')
  expect(dayBandText('high')).toBe('High today: the goal is reached')
})

test('the bands cover every level once', () => {
  const spans = (['low', 'middle', 'high'] as const).map(levelsOf)
  const all = spans.flatMap(({ from, to }) =>
    Array.from({ length: to - from + 1 }, (_, index) => from + index),
  )
  expect(all).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10])
  for (const { from, to, face } of spans) expect(from <= face && face <= to).toBe(true)
})
