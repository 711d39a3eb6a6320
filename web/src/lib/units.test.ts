import { expect, test } from 'vitest'
import { amount, fromInput, toInput } from './units'

test('shows millilitres whole and ounces with one digit', () => {
  expect(amount(1250, 'ml')).toBe('1,250\u00a0ml')
  expect(amount(250, 'fl_oz')).toBe('8.5\u00a0fl\u00a0oz')
  expect(amount(0, 'fl_oz')).toBe('0\u00a0fl\u00a0oz')
  expect(amount(9_999_999_999, 'ml')).toBe('9,999,999,999\u00a0ml')
})

test.each([
  ['250', 'ml', 250],
  [' 250 ', 'ml', 250],
  ['8.5', 'fl_oz', 251],
  ['8,5', 'fl_oz', 251],
  ['12', 'fl_oz', 355],
  ['', 'ml', null],
  ['-1', 'ml', null],
  ['1e3', 'ml', null],
  ['a glass', 'ml', null],
] as const)('reads %j in %s as %j', (text, unit, ml) => {
  expect(fromInput(text, unit)).toBe(ml)
})

test('what is shown in a field can be read back', () => {
  expect(fromInput(toInput(1250, 'ml'), 'ml')).toBe(1250)
  expect(fromInput(toInput(4732, 'fl_oz'), 'fl_oz')).toBe(4732)
})
