// Places the entries of a day on a line from its morning to its night. The line runs from midnight to midnight local
// time, and longer when the person's day goes on after that. It holds 23 or 25 hours when the clocks change.
import type { Entry } from '../../api/types'
import { addDays, fromWall } from '../../lib/time'

const HOUR_MS = 3_600_000

export interface DayLine {
  /** Full hours to label, with their places from 0 to 1. */
  hours: { label: string; place: number }[]
  place: (at: string | number) => number
}

export function dayLine(day: string, zone: string, entries: Pick<Entry, 'at'>[]): DayLine {
  const start = instant(`${day}T00:00`, zone)
  const midnight = instant(`${addDays(day, 1)}T00:00`, zone)
  const latest = Math.max(midnight, ...entries.map((entry) => Date.parse(entry.at)))
  const end =
    latest > midnight ? midnight + Math.ceil((latest - midnight) / HOUR_MS) * HOUR_MS : midnight
  const place = (at: string | number) => {
    const share = (new Date(at).getTime() - start) / (end - start)
    return Math.min(Math.max(share, 0), 1)
  }
  const hours = [0, 6, 12, 18].map((hour) => {
    const label = `${String(hour).padStart(2, '0')}:00`
    return { label, place: place(instant(`${day}T${label}`, zone)) }
  })
  return { hours, place }
}

function instant(wall: string, zone: string): number {
  return Date.parse(fromWall(wall, zone) ?? `${wall}Z`)
}
