import { expect, test } from 'vitest'
import { changeWords, listed, onlyUndoes, rewindWords } from './changes'

const fact = {
  value: 250,
  at: '2026-11-25T10:00:00.000Z',
  day: '2026-11-25',
  note: null,
  tags: ['tea'],
  deleted: false,
}

test('a change of an entry is told in words', () => {
  const words = (change: object) => changeWords(fact, { ...fact, ...change }, 'water')
  expect(words({ deleted: true })).toBe('deleted it')
  expect(words({ value: 400 })).toBe('changed the amount')
  expect(words({ value: 400, note: 'cold', tags: [] })).toBe(
    'changed the amount, the note and the tags',
  )
  expect(words({ fl_oz_tenths: 85 })).toBe('changed the unit it was typed in')
  expect(words({ value: 251, fl_oz_tenths: 85 })).toBe('changed the amount')
  expect(words({ at: '2026-11-24T10:00:00.000Z', day: '2026-11-24' })).toBe('changed the time')
  expect(words({ day: '2026-11-24' })).toBe('changed its day')
  expect(words({})).toBe('saved it again')
  expect(changeWords(fact, { ...fact, value: 7 }, 'altitude')).toBe('changed the level')
  expect(changeWords({ ...fact, deleted: true }, fact, 'water')).toBe('brought it back')
  expect(changeWords({ ...fact, deleted: true }, { ...fact, value: 1 }, 'water')).toBe(
    'brought it back, changed',
  )
})

test('the changes by going back are counted', () => {
  expect(rewindWords({ removed: 0, changed: 0, brought_back: 0 }, false)).toBe(
    'Your entries are as they were then.',
  )
  expect(rewindWords({ removed: 1, changed: 1, brought_back: 1200 }, false)).toBe(
    '1 entry goes, 1 entry is changed back and 1,200 entries come back.',
  )
  expect(rewindWords({ removed: 2, changed: 2, brought_back: 1 }, true)).toBe(
    '2 entries went, 2 entries were changed back and 1 entry came back.',
  )
})

test('going back undoes just what was done while it changes nothing else', () => {
  const done = { removed: 3, changed: 2, brought_back: 1 }
  const back = { removed: 1, changed: 2, brought_back: 3 }
  expect(onlyUndoes(back, done)).toBe(true)
  // A deleted entry moves to another day unseen, and back again too.
  expect(onlyUndoes({ ...back, changed: 1 }, done)).toBe(true)
  for (const more of [{ removed: 4 }, { changed: 3 }, { brought_back: 4 }]) {
    expect(onlyUndoes({ ...back, ...more }, done)).toBe(false)
  }
})

test('a list ends with and', () => {
  expect([listed([]), listed(['a']), listed(['a', 'b']), listed(['a', 'b', 'c'])]).toEqual([
    '',
    'a',
    'a and b',
    'a, b and c',
  ])
})
