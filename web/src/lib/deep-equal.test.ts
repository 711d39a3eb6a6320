import { expect, test } from 'vitest'
import { deepEqual } from './deep-equal'

test.each([
  [1, 1, true],
  [null, null, true],
  [{ a: 1, b: [null, 'x'] }, { b: [null, 'x'], a: 1 }, true],
  [1, '1', false],
  [null, {}, false],
  [{ a: 1 }, { a: 1, b: 2 }, false],
  [{ a: undefined, b: 1 }, { b: 1, c: 2 }, false],
  [['x', 'y'], ['y', 'x'], false],
])('%j and %j', (a, b, expected) => {
  expect(deepEqual(a, b)).toBe(expected)
  expect(deepEqual(b, a)).toBe(expected)
})
