// Instants are UTC; people read them in a time zone. Every function here takes the zone and the present as arguments,
// so that it can be tested. `Intl` knows the rules of every zone.
import type { Person } from '../api/types'
import { number } from './numbers'
import { zoneName } from './zone-names'

const MINUTE = 60_000
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR

const formats = new Map<string, Intl.DateTimeFormat>()

/**
 * Formats are costly to make and a long history needs thousands. The server may know newer zones than this browser: an
 * unknown zone is shown in UTC, and `isKnown` tells.
 */
function format(zone: string, options: Intl.DateTimeFormatOptions): Intl.DateTimeFormat {
  const key = zone + JSON.stringify(options)
  const timeZone = isKnown(zone) ? zone : 'UTC'
  const made = formats.get(key) ?? new Intl.DateTimeFormat('en-GB', { timeZone, ...options })
  formats.set(key, made)
  return made
}

const known = new Map<string, boolean>()

/** Whether this browser can tell the time in a zone. */
export function isKnown(zone: string): boolean {
  let answer = known.get(zone)
  if (answer === undefined) {
    try {
      new Intl.DateTimeFormat('en-GB', { timeZone: zone })
      answer = true
    } catch {
      answer = false
    }
    known.set(zone, answer)
  }
  return answer
}

/** How long ago an instant was, in words that stay true for as long as the page shows them. */
export function ago(at: string, now: number): string {
  const past = now - Date.parse(at)
  if (past < MINUTE) return 'just now'
  if (past < HOUR) return `${Math.floor(past / MINUTE)} min ago`
  if (past < DAY) return `${Math.floor(past / HOUR)} h ago`
  const days = Math.floor(past / DAY)
  return days === 1 ? '1 day ago' : `${number(days)} days ago`
}

/** `14:05` */
export function timeOfDay(at: string, zone: string): string {
  return format(zone, { hour: '2-digit', minute: '2-digit' }).format(new Date(at))
}

/** `23 Nov 2026, 14:05` */
export function dateTime(at: string, zone: string): string {
  return format(zone, { dateStyle: 'medium', timeStyle: 'short' }).format(new Date(at))
}

/** `23 Nov 2026, 14:05:09 CET`: to the second and with the zone, for comparing with other records. */
export function exactTime(at: string, zone: string): string {
  return format(zone, { dateStyle: 'medium', timeStyle: 'long' }).format(new Date(at))
}

/** A day `YYYY-MM-DD` as a heading: `Today`, `Yesterday`, `Monday 23 November`, with the year if past. */
export function dayName(day: string, today: string): string {
  if (day === today) return 'Today'
  if (day === addDays(today, -1)) return 'Yesterday'
  const year = day.slice(0, 4) === today.slice(0, 4) ? {} : ({ year: 'numeric' } as const)
  const name = format('UTC', { weekday: 'long', day: 'numeric', month: 'long', ...year })
  return name.format(new Date(`${day}T00:00Z`)).replace(',', '')
}

/** A day `YYYY-MM-DD` in full: `23 Nov 2026` */
export function dayDate(day: string): string {
  return format('UTC', { dateStyle: 'medium' }).format(new Date(`${day}T00:00Z`))
}

export function addDays(day: string, days: number): string {
  return new Date(Date.parse(`${day}T00:00Z`) + days * DAY).toISOString().slice(0, 10)
}

/** The instant this many days from now. */
export function inDays(days: number, now: number): string {
  return new Date(now + days * DAY).toISOString()
}

/** The local time in a zone as `YYYY-MM-DDTHH:mm`, the format of a `datetime-local` field. */
export function toWall(at: string | number, zone: string): string {
  const parts = format(zone, {
    year: 'numeric',
    month: '2-digit',
    day: '2-digit',
    hour: '2-digit',
    minute: '2-digit',
  }).formatToParts(new Date(at))
  const part = (type: string) => parts.find((p) => p.type === type)?.value ?? ''
  const year = part('year').padStart(4, '0')
  return `${year}-${part('month')}-${part('day')}T${part('hour')}:${part('minute')}`
}

/**
 * The instants at which clocks in a zone show `YYYY-MM-DDTHH:mm`, the first one first: two of a time that comes twice
 * (clocks go back), none of one that is skipped (clocks go forward). Null for a text that is no time.
 */
export function instantsOf(wall: string, zone: string): string[] | null {
  const asUtc = Date.parse(`${wall}Z`)
  if (Number.isNaN(asUtc)) return null
  // The offsets a day before and after are the two that may hold.
  const offsets = [asUtc - DAY, asUtc + DAY].map((at) => offsetAt(at, zone))
  const shown = [...new Set(offsets.map((offset) => asUtc - offset))].filter(
    (at) => toWall(at, zone) === wall,
  )
  return shown.sort((a, b) => a - b).map((at) => new Date(at).toISOString())
}

/**
 * One instant for a local time where nobody can be asked: the first of two; for a skipped time, the one that is later
 * by as much as was skipped. Null for a text that is no time.
 */
export function fromWall(wall: string, zone: string): string | null {
  const instants = instantsOf(wall, zone)
  if (instants === null) return null
  const asUtc = Date.parse(`${wall}Z`)
  return instants[0] ?? new Date(asUtc - offsetAt(asUtc - DAY, zone)).toISOString()
}

/** By how many milliseconds local time in a zone is ahead of UTC. */
function offsetAt(at: number, zone: string): number {
  const minute = Math.floor(at / MINUTE) * MINUTE
  return Date.parse(`${toWall(minute, zone)}Z`) - minute
}

/** Tells apart the two instants that share a local time, by the name that clocks have then: `GMT+2` or `CEST`. */
export function clockName(at: string, zone: string): string {
  const parts = format(zone, { hour: '2-digit', timeZoneName: 'short' }).formatToParts(new Date(at))
  return parts.find(({ type }) => type === 'timeZoneName')?.value ?? ''
}

/** A chosen local time, and which of the two where it comes twice. */
export interface WallTime {
  wall: string
  /** Whether the second of two is meant; null while nobody said. */
  second: boolean | null
}

/** The local time that a field begins with. */
export function wallTime(at: string | number, zone: string): WallTime {
  const wall = toWall(at, zone)
  const [, second] = instantsOf(wall, zone) ?? []
  if (second === undefined) return { wall, second: null }
  return { wall, second: new Date(at).getTime() >= Date.parse(second) }
}

/** The chosen instant, or why there is none. */
export function readWall(
  { wall, second }: WallTime,
  zone: string,
): { at: string } | { wrong: string } {
  const instants = instantsOf(wall, zone)
  if (instants === null) return { wrong: 'Choose a day and a time.' }
  const [first, other] = instants
  const time = wall.slice(11, 16)
  if (first === undefined) {
    return { wrong: `The clocks went forward then and skipped ${time}. Choose another time.` }
  }
  if (other === undefined) return { at: first }
  if (second === null) {
    return { wrong: `The clocks went back then, so ${time} came twice. Choose which one.` }
  }
  return { at: second ? other : first }
}

/** A chosen local time with the zone that it was chosen in. */
export interface ZonedWall extends WallTime {
  zone: string
}

/** The same moment as local time in a zone; nothing where it is not clear which moment was meant. */
export function wallIn({ zone, wall, second }: ZonedWall, to: string): WallTime {
  if (zone === to) return { wall, second }
  const read = readWall({ wall, second }, zone)
  return 'at' in read ? wallTime(read.at, to) : { wall: '', second: null }
}

/** The logical day of an instant: a day begins at `startsAt` o'clock local time. */
export function logicalDay(at: string | number, zone: string, startsAt: number): string {
  const wall = toWall(at, zone)
  const day = wall.slice(0, 10)
  return Number(wall.slice(11, 13)) < startsAt ? addDays(day, -1) : day
}

/** The zone of a person, which everybody knows who may see their status. */
export function zoneOf({ time_zone }: Person): string {
  return time_zone ?? 'UTC'
}

/** Whether two zones show the same time now. */
export function sameWall(a: string, b: string, now: number): boolean {
  return toWall(now, a) === toWall(now, b)
}

/**
 * Whether two zones tell the same time all year round, whatever they are called: `Asia/Calcutta` and `Asia/Kolkata`, or
 * `Europe/Berlin` and `Europe/Vienna`. A zone that this browser does not know counts as the same.
 */
export function sameZone(a: string, b: string, now: number): boolean {
  if (a === b || !isKnown(a) || !isKnown(b)) return true
  const weeks = Array.from({ length: 105 }, (_, week) => now + (week - 52) * 7 * DAY)
  return weeks.every((at) => offsetAt(at, a) === offsetAt(at, b))
}

/** `America/New_York` as `New York` */
export function placeOf(zone: string): string {
  const name = zoneName(zone)
  return name.slice(name.lastIndexOf('/') + 1)
}

/** Whose time is shown in a zone: `New York time` */
export function zoneWords(zone: string): string {
  return isKnown(zone)
    ? `${placeOf(zone)} time`
    : `UTC, since this browser does not know the time in ${placeOf(zone)}`
}

/**
 * The time of an entry under the day it counts for: `14:05`, or with the weekday where the local date is one day off, as
 * after midnight in a day that starts later: `Tue 02:00`. Further off, it is the whole date.
 */
export function timeOn(at: string, zone: string, day: string): string {
  const date = toWall(at, zone).slice(0, 10)
  if (date === day) return timeOfDay(at, zone)
  if (date !== addDays(day, 1) && date !== addDays(day, -1)) return dateTime(at, zone)
  return `${format(zone, { weekday: 'short' }).format(new Date(at))} ${timeOfDay(at, zone)}`
}

/** `14:05`, `Yesterday, 14:05` or `23 Nov 2026, 14:05`: by the local date, whatever day the entry counts for. */
export function timeSeen(at: string, zone: string, now: number): string {
  const date = toWall(at, zone).slice(0, 10)
  const today = toWall(now, zone).slice(0, 10)
  if (date === today) return timeOfDay(at, zone)
  if (date === addDays(today, -1)) return `Yesterday, ${timeOfDay(at, zone)}`
  return dateTime(at, zone)
}
