import { expect, test } from 'vitest'
import type { Share } from '../../../api/types'
import {
  approvedNames,
  emptyOffer,
  follow,
  formOf,
  forReader,
  isUsual,
  modesFrom,
  modeSaid,
  readForm,
  readOffer,
  sameTerms,
  termsWords,
  unaskedWords,
} from './share'

const me = { time_zone: 'Europe/Berlin' }
const now = Date.parse('2026-11-25T12:00:00.000Z')
const share: Share = {
  username: 'alex',
  display_name: 'Alex',
  state: 'approved',
  water: 'exact',
  altitude: 'band',
  history: true,
  export: false,
  until: '2026-12-01T10:30:45.000Z',
  requested_at: null,
  since: '2026-11-01T10:00:00.000Z',
  last_looked_at: null,
  watching: false,
}

test('a share is told in words', () => {
  expect(termsWords(share)).toBe('Exact water, altitude as a band, with history')
  expect(termsWords({ ...share, altitude: 'exact', export: true })).toBe(
    'Exact water and altitude, with history, with export',
  )
  expect(termsWords({ ...share, water: 'logged', altitude: 'none', history: false })).toBe(
    'Only that water was logged, no altitude, only how you are now',
  )
  expect(termsWords({ ...share, water: 'band', history: false })).toBe(
    'Water and altitude as bands, only how you are now',
  )
  expect(termsWords({ ...share, water: 'none', altitude: 'none' })).toBe('Nothing')
})

test('terms that were narrowed or widened are not the usual ones', () => {
  const usual: Share = { ...share, water: 'exact', altitude: 'exact', history: true, export: false }
  expect(isUsual(usual)).toBe(true)
  for (const other of [{ water: 'band' }, { history: false }, { export: true }]) {
    expect(isUsual({ ...usual, ...other } as Share)).toBe(false)
  }
})

test('a viewer who keeps watching when not everyone may any more is named', () => {
  const asked_at = '2026-11-20T10:00:00.000Z'
  const named = (name: string): Share => ({ ...share, username: name, display_name: name })
  const shares: Share[] = [
    named('Alex'),
    // One let in with everyone, for whom nothing was decided, and one who merely asked.
    { ...named('Bo'), since: null },
    { ...named('Cleo'), requested_at: asked_at, since: asked_at },
    { ...named('Dana'), requested_at: asked_at, since: '2026-11-21T10:00:00.000Z' },
    { ...named('Eve'), state: 'ended' },
  ]
  expect(approvedNames(shares)).toBe('Alex and Dana')
  expect(approvedNames([])).toBe('')
  const many = ['A', 'B', 'C', 'D', 'E'].map(named)
  expect(approvedNames(many.slice(1))).toBe('B, C, D and 1 other')
  expect(approvedNames(many)).toBe('A, B, C and 2 others')

  const hint = (sharing: 'approved' | 'everyone', list = shares) =>
    modesFrom(sharing, list).find(({ value }) => value === 'approved')?.hint
  expect(hint('everyone')).toContain('Approved already: Alex and Dana. They keep watching you.')
  expect(hint('everyone', [])).toContain('So far that is no one.')
  expect(hint('approved')).not.toContain('already')
  expect(modeSaid('approved', shares)).toBe('The people you approve can watch you: Alex and Dana.')
  expect(modeSaid('approved', [])).toContain('So far that is no one.')
})

test('an end that was only shown keeps its seconds', () => {
  const form = formOf(share, me, now)
  expect(form.until).toBe('2026-12-01T11:30')
  expect(readForm(form, now)).toEqual({ change: {} })
  expect(readForm({ ...form, until: '' }, now)).toEqual({ change: { until: null } })
  expect(readForm({ ...form, until: '2026-12-02T08:00' }, now)).toEqual({
    change: { until: '2026-12-02T07:00:00.000Z' },
  })
})

test('only what was touched is sent, since the rest may have been narrowed elsewhere', () => {
  const form = formOf(share, me, now)
  expect(readForm({ ...form, water: 'band' }, now)).toEqual({ change: { water: 'band' } })
  expect(readForm({ ...form, history: false, export: true }, now)).toEqual({
    change: { history: false, export: true },
  })
})

test('an end stays where it is when its reader moves, in an open dialog and in a draft', () => {
  const there = { time_zone: 'America/Los_Angeles' }
  const form = formOf(share, me, now)
  const draft = forReader(form, there)
  expect(draft).toMatchObject({ zone: there.time_zone, until: '2026-12-01T02:30' })
  for (const untouched of [form, draft]) expect(readForm(untouched, now)).toEqual({ change: {} })

  const chosen = { ...form, until: '2026-12-02T20:00' }
  for (const touched of [chosen, forReader(chosen, there)]) {
    expect(readForm(touched, now)).toEqual({ change: { until: '2026-12-02T19:00:00.000Z' } })
  }
  const offer = { ...emptyOffer(me), atOnce: 'yes' as const, until: '2026-12-02T20:00' }
  expect(readOffer(forReader(offer, there), now)).toMatchObject({
    share: { until: '2026-12-02T19:00:00.000Z' },
  })
  expect(forReader(emptyOffer(me), there)).toEqual(emptyOffer(there))
  // A local time that no instant is known for is not read in another zone.
  const unclear = { ...form, until: '2027-10-31T02:30' }
  expect(forReader(unclear, there)).toEqual(unclear)
})

test('a field that was not touched follows a change elsewhere', () => {
  const form = { ...formOf(share, me, now), water: 'logged' as const, until: '2026-12-24T18:00' }
  const narrowed: Share = { ...share, altitude: 'none', history: false, until: null }
  const followed = follow(form, narrowed, now)
  expect(followed).toEqual({
    ...form,
    share: narrowed,
    altitude: 'none',
    history: false,
  })
  expect(readForm(followed, now)).toEqual({
    change: { water: 'logged', until: '2026-12-24T17:00:00.000Z' },
  })
  // A viewer whose share was ended meanwhile is let in again only by somebody who can see that it was.
  const ended = follow(form, { ...narrowed, state: 'ended' }, now)
  expect(readForm(ended, now)).toMatchObject({ change: { state: 'approved' } })
})

test('a look does not change a share', () => {
  expect(sameTerms(share, { ...share, watching: true, last_looked_at: share.since })).toBe(true)
  expect(sameTerms(share, { ...share, history: false })).toBe(false)
  expect(sameTerms(share, { ...share, state: 'ended' })).toBe(false)
  expect(sameTerms(share, { ...share, until: null })).toBe(false)
})

test('a viewer who asked, or was kept out, is let in', () => {
  for (const state of ['requested', 'ended'] as const) {
    const form = formOf({ ...share, state, until: '2026-11-01T00:00:00.000Z' }, me, now)
    expect(form.until).toBe('')
    expect(readForm(form, now)).toMatchObject({ change: { state: 'approved' } })
  }
  const form = { ...formOf(null, me, now), username: ' alex ' }
  expect(readForm(form, now)).toEqual({
    change: {
      state: 'approved',
      water: 'exact',
      altitude: 'exact',
      history: true,
      export: false,
      until: null,
    },
  })
})

test('a viewer is let in without a second question only where they ask', () => {
  const requested_at = '2026-11-20T10:00:00.000Z'
  expect(unaskedWords(undefined)).toBe('did not ask')
  expect(unaskedWords({ ...share, state: 'ended' })).toBe('did not ask')
  expect(unaskedWords({ ...share, state: 'ended', requested_at })).toBe('did not ask again')
  expect(unaskedWords({ ...share, state: 'requested', requested_at })).toBeUndefined()
  expect(unaskedWords(share)).toBeUndefined()
})

test('each field says what is wrong with it', () => {
  const form = { ...formOf(null, me, now), until: '2026-11-25T12:59' }
  const read = readForm(form, now)
  expect('wrong' in read && Object.keys(read.wrong)).toEqual(['username', 'until'])
  expect(readForm({ ...form, username: 'alex', until: 'soon' }, now)).toHaveProperty('wrong.until')
})

test('the share for a newcomer is sent as it was chosen, and none where none was', () => {
  const terms = { water: 'exact', altitude: 'exact', history: true, export: false, until: null }
  expect(readOffer({ ...emptyOffer(me), atOnce: 'yes' }, now)).toEqual({ share: terms })
  const narrowed = {
    ...emptyOffer(me),
    atOnce: 'yes' as const,
    water: 'band' as const,
    until: '2026-11-26T13:00',
  }
  expect(readOffer(narrowed, now)).toEqual({
    share: { ...terms, water: 'band', until: '2026-11-26T12:00:00.000Z' },
  })
  expect(readOffer({ ...narrowed, atOnce: 'no' }, now)).toEqual({ share: null })
  expect(readOffer({ ...narrowed, atOnce: '' }, now)).toEqual({ share: null })
  expect(readOffer({ ...narrowed, until: '2026-11-24T13:00' }, now)).toEqual({
    wrong: 'Choose a time in the future.',
  })
})
