// @vitest-environment jsdom
import { expect, test } from 'vitest'
import { typesInto } from './keys'

test.each([
  ['<input>', true],
  ['<input type="number">', true],
  ['<input type="datetime-local">', true],
  ['<textarea></textarea>', true],
  ['<select></select>', true],
  ['<input type="range">', false],
  ['<input type="radio">', false],
  ['<button></button>', false],
  ['<h1></h1>', false],
])('%s: %j', (html, typed) => {
  document.body.innerHTML = html
  expect(typesInto(document.body.firstElementChild)).toBe(typed)
})
