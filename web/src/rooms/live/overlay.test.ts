import { expect, test } from 'vitest'
import type { Status } from '../../api/types'
import { type Fact, withEntry, withoutEntry } from './overlay'

const empty: Status = {
  person: { username: 'ada', display_name: 'Ada', time_zone: 'UTC' },
  day: '2026-11-24',
  water: { last_at: null, last_ml: null, today_ml: 0, goal_ml: 2000 },
  altitude: { value: null, at: null },
  freshness: 'never',
  updated_at: null,
}

function fact(metric: Fact['metric'], value: number, time: string, day = '2026-11-24'): Fact {
  return { metric, value, at: `${day}T${time}:00.000Z`, day }
}

test('water adds to today and becomes the last drink', () => {
  const status = [fact('water', 250, '08:00'), fact('water', 150, '09:00')].reduce(withEntry, empty)
  expect(status.water).toEqual({
    last_at: '2026-11-24T09:00:00.000Z',
    last_ml: 150,
    today_ml: 400,
    goal_ml: 2000,
  })
  expect(status.freshness).toBe('fresh')
})

test('a backdated drink counts, but the last one stays the last', () => {
  const status = [fact('water', 250, '09:00'), fact('water', 150, '08:00')].reduce(withEntry, empty)
  expect(status.water).toMatchObject({ last_ml: 250, today_ml: 400 })
})

test('a drink of another day leaves the total alone', () => {
  const status = withEntry(empty, fact('water', 250, '23:00', '2026-11-23'))
  expect(status.water).toMatchObject({ last_ml: 250, today_ml: 0 })
})

test('only a newer altitude replaces the one shown', () => {
  const status = [fact('altitude', 7, '09:00'), fact('altitude', 2, '08:00')].reduce(
    withEntry,
    empty,
  )
  expect(status.altitude.value).toBe(7)
})

test('taking the last entry away shows the one before', () => {
  const [first, second] = [fact('water', 250, '08:00'), fact('water', 150, '09:00')]
  const status = [first, second].reduce(withEntry, empty)
  expect(withoutEntry(status, second, [first])).toEqual(withEntry(empty, first))
})

test('taking an earlier entry away keeps the last', () => {
  const [first, second] = [fact('altitude', 3, '08:00'), fact('altitude', 8, '09:00')]
  const status = [first, second].reduce(withEntry, empty)
  expect(withoutEntry(status, first, [second]).altitude.value).toBe(8)
})

test('a value that is not known is left for the server to tell', () => {
  const only = fact('water', 250, '08:00')
  expect(withoutEntry(withEntry(empty, only), only, []).water).toMatchObject({
    today_ml: 0,
    last_ml: 250,
  })
})
