import { expect, test } from 'vitest'
import { passwordHints } from './password'

test.each([
  ['', [false, false]],
  ['Short-1', [false, true]],
  ['alllowercase', [true, false]],
  ['Lower-and-upper-1', [true, true]],
  ['four quiet words here', [true, true]],
  ['x'.repeat(129), [false, true]],
  ['Ünïcode-péople-1A', [true, true]],
])('%j', (password, met) => {
  expect(passwordHints(password).map((hint) => hint.met)).toEqual(met)
})
