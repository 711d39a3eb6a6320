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
  // A letter and its accent count as one, and the accent is no sign.
  ['Ba\u0308renstarke1', [true, false]],
  ['Ba\u0308renstark-1', [true, true]],
  ['Ba\u0308renstark1', [false, false]],
  // Letters and digits of any script.
  ['Übermut-tut-1', [true, true]],
  ['übermut-tut-1', [true, false]],
  ['ÜBERMUTß-TUT1', [true, true]],
  ['Übermut-tut-٣', [true, true]],
  ['Übermut٣tut٣x', [true, false]],
  ['Привет-мир-42', [true, true]],
])('%j', (password, met) => {
  expect(passwordHints(password).map((hint) => hint.met)).toEqual(met)
})
