import { expect, test } from 'vitest'
import { altitudeText, altitudeWord, levelAt, levelOfKey, LEVELS } from './altitude'

test('has ten levels with ten different words', () => {
  expect(LEVELS).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10])
  expect(new Set(LEVELS.map(altitudeWord)).size).toBe(10)
  expect(altitudeText(7)).toBe('7 · Good')
})

test('0 is the key for ten, and other keys are none', () => {
  expect(['1', '9', '0', 'a', 'F1', '', '10'].map(levelOfKey)).toEqual([
    1,
    9,
    10,
    null,
    null,
    null,
    null,
  ])
})

test('each tenth of the slider is a level, and outside counts as the end', () => {
  expect([-1, 0, 0.05, 0.1, 0.11, 0.65, 1, 2].map(levelAt)).toEqual([1, 1, 1, 1, 2, 7, 10, 10])
})
