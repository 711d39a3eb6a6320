import { expect, test } from 'vitest'
import type { Status } from '../api/types'
import { freshnessWords } from './freshness'

const now = Date.parse('2026-11-24T12:00:00Z')
const status: Status = {
  person: { username: 'ada', display_name: 'Ada', time_zone: 'UTC' },
  day: '2026-11-24',
  water: { last_at: '2026-11-24T03:00:00.000Z', last_ml: 250, today_ml: 250, goal_ml: 2000 },
  altitude: { value: 7, at: '2026-11-24T02:00:00.000Z' },
  freshness: 'fresh',
  updated_at: '2026-11-24T03:00:00.000Z',
}

test.each([
  ['fresh', null],
  ['ageing', 'Last logged 9 h ago'],
  ['stale', 'Out of date, last logged 9 h ago'],
  ['never', 'Nothing logged yet'],
] as const)('%s: %s', (freshness, words) => {
  expect(freshnessWords({ ...status, freshness }, now)).toBe(words)
})
