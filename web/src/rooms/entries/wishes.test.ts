// @vitest-environment jsdom
import { expect, test } from 'vitest'
import type { Entry } from '../../api/types'
import { entryOf, isAnswerTo, type Outgoing } from './wishes'

const glass: Outgoing = { id: 'a', metric: 'water', value: 250, at: '2026-11-24T08:00:00.000Z' }

test('only the entry that was sent is an answer to it', () => {
  const got = { ...glass, at: '2026-11-24T08:00:00Z' } as Entry
  expect(isAnswerTo(glass, got)).toBe(true)
  expect(isAnswerTo(glass, { ...got, id: 'b' })).toBe(false)
  expect(isAnswerTo(glass, { ...got, value: 300 })).toBe(false)
  expect(isAnswerTo(glass, {})).toBe(false)
})

test('an answer about nothing, or about another entry, is the server’s for none', () => {
  const got = { ...glass } as Entry
  expect(entryOf('a', got)).toBe(got)
  for (const other of [undefined, {}, { ...got, id: 'b' }]) {
    expect(() => entryOf('a', other)).toThrow(expect.objectContaining({ code: 'foreign' }))
  }
})
