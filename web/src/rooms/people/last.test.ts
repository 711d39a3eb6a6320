import { expect, test } from 'vitest'
import { lastTime } from './last'

const at = '2026-11-24T02:00:00.000Z'

test('water that was drunk at night and counts for the day before is told as that', () => {
  const words = (today_ml: number | null, now: string) =>
    lastTime(at, { today_ml }, 'UTC', Date.parse(now))
  // The day before goes on until four o’clock.
  expect(words(250, '2026-11-24T03:00:00Z')).toBe('02:00')
  expect(words(0, '2026-11-24T10:00:00Z')).toBe('02:00, counted for another day')
  expect(words(0, '2026-11-25T10:00:00Z')).toBe('Yesterday, 02:00')
  // Nobody can tell where the total is withheld.
  expect(words(null, '2026-11-24T10:00:00Z')).toBe('02:00')
})
