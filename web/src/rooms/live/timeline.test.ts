import { expect, test } from 'vitest'
import type { Entry } from '../../api/types'
import { groupByDay, isKnown, place, remove } from './timeline'

function entry(id: string, at: string, value = 250, metric: Entry['metric'] = 'water'): Entry {
  const instant = `2026-11-${at}:00.000Z`
  const day = instant.slice(0, 10)
  const note = null
  return { id, metric, value, at: instant, day, note, tags: [], created_at: at, updated_at: at }
}

const list = [
  entry('d', '24T09:00', 7, 'altitude'),
  entry('c', '24T08:00'),
  entry('b', '23T20:00'),
  entry('a', '23T10:00', 150),
]
const ids = (entries: Entry[]) => entries.map(({ id }) => id).join('')

test('days come newest first with their water', () => {
  expect(groupByDay(list, false, true)).toMatchObject([
    { day: '2026-11-24', water: 250, entries: [{ id: 'd' }, { id: 'c' }] },
    { day: '2026-11-23', water: 400, entries: [{ id: 'b' }, { id: 'a' }] },
  ])
})

test('a total is given only for a day that is certainly whole', () => {
  expect(groupByDay(list, true, true).map(({ water }) => water)).toEqual([250, null])
  expect(groupByDay(list, false, false).map(({ water }) => water)).toEqual([null, null])
  expect(groupByDay([], true, true)).toEqual([])
})

test('a day of which a number is withheld has no total', () => {
  const kept = { ...entry('e', '24T10:00'), value: null }
  expect(groupByDay([kept, ...list], false, true).map(({ water }) => water)).toEqual([null, 400])
})

test('an entry that is known already, or better, is told from a new one', () => {
  const known = entry('c', '24T08:00')
  expect(isKnown(list, known)).toBe(true)
  expect(isKnown(list, entry('x', '24T08:00'))).toBe(false)
  expect(isKnown(list, { ...known, note: 'tea', updated_at: '24T08:30' })).toBe(false)
  const instant = '2026-11-24T08:00:00.000Z'
  const newer = { ...known, updated_at: '2026-11-24T09:00:00.000Z' }
  expect(isKnown([newer], { ...known, updated_at: instant })).toBe(true)
})

test('a changed entry moves to its new place', () => {
  expect(ids(place(list, entry('x', '24T08:30'), true))).toBe('dxcba')
  expect(ids(place(list, entry('d', '23T15:00'), true))).toBe('cbda')
  expect(ids(place(list, entry('c', '24T08:00', 500), true))).toBe('dcba')
})

test('of two at the same instant the later id comes first', () => {
  expect(ids(place(list, entry('bb', '23T20:00'), true))).toBe('dcbbba')
  expect(ids(place(list, entry('aa', '23T20:00'), true))).toBe('dcbaaa')
})

test('an entry older than the loaded pages waits for its page', () => {
  expect(ids(place(list, entry('d', '01T00:00'), true))).toBe('cba')
  expect(ids(place(list, entry('d', '01T00:00'), false))).toBe('cbad')
})

test('removing takes out one', () => {
  expect(ids(remove(list, 'b'))).toBe('dca')
})
