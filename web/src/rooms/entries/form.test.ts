import { describe, expect, test } from 'vitest'
import type { Entry } from '../../api/types'
import {
  changesOf,
  type EntryForm,
  formOf,
  forReader,
  readForm,
  withChange,
  withTyped,
} from './form'

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
  expect(readForm(formOf(entry, me, now))).toEqual({
    draft: {
      metric: 'water',
      value: 250,
      at: '2026-11-24T08:05:00.000Z',
      note: 'after the run',
      tags: ['sport', 'am'],
    },
  })
})

function changes(of: Entry, touched: Partial<EntryForm>, reader: EntryForm['reader'] = me) {
  const form = { ...formOf(of, reader, now), ...touched }
  const read = readForm(form)
  return 'draft' in read ? changesOf(form, read.draft) : read
}

test('a form that goes on after it was saved sends what differs from that', () => {
  const saved = withChange(entry, { note: 'tea' })
  expect(changes(saved, { note: 'after the run' })).toEqual({ note: 'after the run' })
  const ounces = withChange(entry, { value: 251, fl_oz_tenths: 85 })
  expect(ounces).toMatchObject({ value: 251, fl_oz_tenths: 85, note: 'after the run' })
  expect(withChange(ounces, { value: 300, fl_oz_tenths: null })).toEqual({ ...entry, value: 300 })
  expect(withChange(ounces, { note: null })).toEqual({ ...ounces, note: null })
})

test('only what was touched is sent', () => {
  expect(changes(entry, {})).toEqual({})
  expect(changes(entry, { amount: '300' })).toEqual({ value: 300, fl_oz_tenths: null })
  expect(changes(entry, { wall: '2026-11-23T09:05' })).toEqual({ at: '2026-11-23T08:05:00.000Z' })
  expect(changes(entry, { note: '  ' })).toEqual({ note: null })
  expect(changes(entry, { tags: [] })).toEqual({ tags: [] })
})

test.each([
  [{ note: '  tea ' }],
  [{ note: 'line\r\nline\r\n' }],
  [{ note: '\n' }],
  [{ note: null, tags: ['a, b', ' c ', 'A', 'a', '😀', ''] }],
  [{ tags: ['twice', 'twice'] }],
  [{ value: 5000 }],
  [{ value: 1 }],
  [{ at: '2026-10-25T00:30:00.000Z' }],
  [{ at: '2026-10-25T01:30:59.999Z' }],
])('saved as it was, %j changes nothing, in either unit and any zone', (part) => {
  for (const unit of ['ml', 'fl_oz'] as const) {
    for (const time_zone of [
      'Europe/Berlin',
      'Pacific/Apia',
      'Pacific/Pago_Pago',
      'Asia/Kolkata',
    ]) {
      expect(changes({ ...entry, ...part }, {}, { unit, time_zone })).toEqual({})
    }
  }
})

test('a text field that ends lines in its own way changes nothing', () => {
  expect(changes({ ...entry, note: 'a\r\nb' }, { note: 'a\nb' })).toEqual({})
})

test('a tag that is added leaves those that are there whole', () => {
  const tagged = { ...entry, tags: ['a, b', ' c '] }
  expect(changes(tagged, { typing: 'd, e,,d' })).toEqual({ tags: ['a, b', ' c ', 'd', 'e'] })
  expect(changes(tagged, { tags: ['a, b'] })).toEqual({ tags: ['a, b'] })
  expect(withTyped({ tags: ['sport'], typing: ' sport, , am,am ' })).toEqual(['sport', 'am'])
})

test('showing ounces does not move the millilitres, and typing them keeps them', () => {
  const reader = { ...me, unit: 'fl_oz' } as const
  expect(changes(entry, {}, reader)).toEqual({})
  expect(changes(entry, { amount: '16' }, reader)).toEqual({ value: 473, fl_oz_tenths: 160 })
  expect(changes(entry, { amount: '500 ml' }, reader)).toEqual({ value: 500, fl_oz_tenths: null })
  const ounces = { ...entry, value: 473, fl_oz_tenths: 160 }
  expect(formOf(ounces, reader, now).amount).toBe('16')
  expect(changes(ounces, { note: 'x' }, reader)).toEqual({ note: 'x' })
})

test('a draft says what it said, also in another unit and zone', () => {
  const there = { unit: 'fl_oz', time_zone: 'America/Los_Angeles' } as const
  const merely = forReader(formOf(entry, me, now), there)
  const read = readForm(merely)
  expect('draft' in read && changesOf(merely, read.draft)).toEqual({})
  const touched = { ...formOf(entry, me, now), amount: '300', wall: '2026-11-24T10:00' }
  const again = readForm(forReader(touched, there))
  expect(again).toMatchObject({ draft: { value: 300, at: '2026-11-24T09:00:00.000Z' } })
})

test('an open form is read by the unit and the zone that it is typed in', () => {
  const form = { ...formOf(entry, me, now), note: 'tea' }
  const there = { unit: 'fl_oz', time_zone: 'America/Los_Angeles' } as const
  for (const shown of [form, forReader(form, there)]) {
    const read = readForm(shown)
    expect('draft' in read && changesOf(shown, read.draft)).toEqual({ note: 'tea' })
  }
  expect(readForm({ ...form, amount: '16', wall: '2026-11-24T10:00' })).toMatchObject({
    draft: { value: 16, at: '2026-11-24T09:00:00.000Z' },
  })
})

test('a local time that no instant is known for is not read in another zone', () => {
  const form = { ...formOf(null, me, now), amount: '250', wall: '2026-10-25T02:30', second: null }
  const draft = forReader(form, { unit: 'fl_oz', time_zone: 'America/Los_Angeles' })
  expect(draft.reader).toEqual({ unit: 'fl_oz', time_zone: 'Europe/Berlin' })
  expect(readForm(draft)).toHaveProperty('wrong.at')
})

describe('where the clocks go back', () => {
  const second = { ...entry, at: '2026-10-25T01:30:00.000Z' }
  const first = { ...entry, at: '2026-10-25T00:30:00.000Z' }

  test('a time of the second hour stays in it, and of the first in that', () => {
    expect(changes(second, { wall: '2026-10-25T02:35' })).toEqual({
      at: '2026-10-25T01:35:00.000Z',
    })
    expect(changes(first, { wall: '2026-10-25T02:35' })).toEqual({ at: '2026-10-25T00:35:00.000Z' })
    expect(changes(second, { second: false })).toEqual({ at: '2026-10-25T00:30:00.000Z' })
  })

  test('which of the two is asked where nobody can know', () => {
    expect(changes(entry, { wall: '2026-10-25T02:30' })).toHaveProperty('wrong.at')
    expect(changes(entry, { wall: '2026-10-25T02:30', second: true })).toEqual({
      at: '2026-10-25T01:30:00.000Z',
    })
    const lord = { ...me, time_zone: 'Australia/Lord_Howe' }
    expect(changes(entry, { wall: '2026-04-05T01:45' }, lord)).toHaveProperty('wrong.at')
  })

  test('a time that was skipped is said to be', () => {
    for (const [wall, time_zone] of [
      ['2026-03-29T02:30', 'Europe/Berlin'],
      ['2026-03-08T02:00', 'America/New_York'],
      ['2011-12-30T12:00', 'Pacific/Apia'],
    ] as const) {
      const read = changes(entry, { wall }, { ...me, time_zone })
      expect(read).toHaveProperty('wrong.at')
      expect((read as { wrong: { at: string } }).wrong.at).toContain('skipped')
    }
  })
})

test('each field says what is wrong with it', () => {
  const long = { amount: '5001', wall: '', typing: 'x'.repeat(33) }
  const form = { ...formOf(null, me, now), ...long, note: '😀'.repeat(501) }
  const read = readForm(form)
  const wrong = 'wrong' in read ? read.wrong : {}
  expect(Object.keys(wrong).sort()).toEqual(['at', 'note', 'tags', 'value'])
  expect(wrong.note).toContain('one character')
  expect(readForm({ ...form, metric: 'altitude' })).toMatchObject({
    wrong: { value: 'Choose a level from 1 to 10.' },
  })
})

test.each(['x', 'ä', 'e\u0301', '😀', '👩\u200d👩\u200d👧', '\u{20000}'])(
  'a note of %s is counted as the server does, at the limit and beyond',
  (one) => {
    const points = Array.from(one).length
    const fits = one
      .repeat(Math.floor(500 / points))
      .padEnd(one.length * Math.floor(500 / points) + (500 % points), 'x')
    const form = { ...formOf(null, me, now), amount: '250' }
    expect(readForm({ ...form, note: fits })).toHaveProperty('draft.note', fits)
    expect(readForm({ ...form, note: `${fits}x` })).toHaveProperty('wrong.note')
  },
)
