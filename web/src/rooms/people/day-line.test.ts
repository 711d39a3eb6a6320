import { expect, test } from 'vitest'
import { dayLine } from './day-line'

const places = (day: string, zone: string, ...at: string[]) =>
  dayLine(
    day,
    zone,
    at.map((at) => ({ at })),
  ).hours.map(({ place }) => place)

test('an ordinary day has 24 hours', () => {
  const line = dayLine('2026-11-24', 'UTC', [])
  expect(line.hours.map(({ label }) => label)).toEqual(['00:00', '06:00', '12:00', '18:00'])
  expect(places('2026-11-24', 'UTC')).toEqual([0, 0.25, 0.5, 0.75])
  expect(line.place('2026-11-24T18:00:00Z')).toBe(0.75)
})

test('a day on which the clocks change has 23 or 25', () => {
  expect(places('2026-03-29', 'Europe/Berlin')).toEqual([0, 5 / 23, 11 / 23, 17 / 23])
  expect(places('2026-10-25', 'Europe/Berlin')).toEqual([0, 7 / 25, 13 / 25, 19 / 25])
})

test('a day that goes on after midnight makes the line longer', () => {
  expect(places('2026-11-24', 'UTC', '2026-11-25T01:30:00Z')[2]).toBe(12 / 26)
})

test('a value outside stands at an end', () => {
  const { place } = dayLine('2026-11-24', 'UTC', [])
  expect([place('2026-11-23T12:00:00Z'), place('2026-11-26T12:00:00Z')]).toEqual([0, 1])
})
