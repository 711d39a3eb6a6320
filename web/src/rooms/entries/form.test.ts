import { expect, test } from 'vitest'
import type { Entry } from '../../api/client'
import { changesOf, formOf, readForm, tagsOf } from './form'

const me = { unit: 'ml', time_zone: 'Europe/Berlin' } as const
const now = Date.parse('2026-11-24T12:00:33.123Z')
const entry: Entry = {
  id: 'a',
  metric: 'water',
  value: 250,
  at: '2026-11-24T08:05:33.123Z',
  day: '2026-11-24',
  note: 'after the run',
  tags: ['sport', 'am'],
  created_at: '2026-11-24T08:05:33.123Z',
  updated_at: '2026-11-24T08:05:33.123Z',
}

test('a new entry starts as water, now, on the wall of the person’s zone', () => {
  expect(formOf(null, me, now)).toMatchObject({
    metric: 'water',
    amount: '',
    wall: '2026-11-24T13:00',
  })
})

test('an entry can be read back from its form', () => {
  expect(readForm(formOf(entry, me, now), me)).toEqual({
    draft: {
      metric: 'water',
      value: 250,
      at: '2026-11-24T08:05:00.000Z',
      note: 'after the run',
      tags: ['sport', 'am'],
    },
  })
})

test('only what was touched is sent', () => {
  const form = formOf(entry, me, now)
  const changes = (touched: Partial<typeof form>) => {
    const changed = { ...form, ...touched }
    const read = readForm(changed, me)
    return 'draft' in read ? changesOf(changed, read.draft, me) : read
  }
  expect(changes({})).toEqual({})
  expect(changes({ amount: '300' })).toEqual({ value: 300 })
  expect(changes({ wall: '2026-11-23T09:05' })).toEqual({ at: '2026-11-23T08:05:00.000Z' })
  expect(changes({ note: '  ' })).toEqual({ note: null })
  expect(changes({ tags: '' })).toEqual({ tags: [] })
})

test('what is shown in ounces does not move the millilitres', () => {
  const reader = { ...me, unit: 'fl_oz' } as const
  const form = formOf(entry, reader, now)
  const read = readForm(form, reader)
  expect('draft' in read && changesOf(form, read.draft, reader)).toEqual({})
})

test('each field says what is wrong with it', () => {
  const form = { ...formOf(null, me, now), amount: '5001', wall: '', tags: 'x'.repeat(33) }
  const read = readForm(form, me)
  expect('wrong' in read && Object.keys(read.wrong)).toEqual(['value', 'at', 'tags'])
  expect(readForm({ ...form, metric: 'altitude' }, me)).toMatchObject({
    wrong: { value: 'Choose a level from 1 to 10.' },
  })
})

test('tags are trimmed and come once', () => {
  expect(tagsOf(' sport, , am,sport ')).toEqual(['sport', 'am'])
  expect(tagsOf('')).toEqual([])
})
