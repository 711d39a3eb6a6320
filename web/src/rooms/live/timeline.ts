// A list of entries, newest first, as the server gives it page by page: how it is grouped into days and
// where a changed entry belongs in it.
import type { Entry } from '../../api/types'
import { deepEqual } from '../../lib/deep-equal'
import { asAmount, sumInTenths } from '../../lib/units'

export interface DayGroup {
  day: string
  entries: Entry[]
  /** The day's water in ml; null where some of the day may not be loaded, or is withheld. */
  water: number | null
  /** The same in tenths of a fluid ounce, as typed. */
  tenths: number
}

/** `more`: whether the server has older entries. `water`: whether the list holds the water entries. */
export function groupByDay(entries: Entry[], more: boolean, water: boolean): DayGroup[] {
  const days = new Map<string, Entry[]>()
  for (const entry of entries) days.set(entry.day, [...(days.get(entry.day) ?? []), entry])
  const oldest = entries.at(-1)?.day ?? ''
  return [...days].map(([day, entries]) => ({
    day,
    entries,
    water: water && (!more || day > oldest) ? totalWater(entries) : null,
    tenths: sumInTenths(
      glasses(entries).map((glass) => asAmount(glass.value ?? 0, glass.fl_oz_tenths)),
    ),
  }))
}

function glasses(entries: Entry[]): Entry[] {
  return entries.filter(({ metric }) => metric === 'water')
}

function totalWater(entries: Entry[]): number | null {
  const values = glasses(entries).map(({ value }) => value)
  return values.reduce((sum, ml) => (sum === null || ml === null ? null : sum + ml), 0)
}

/** The list with an entry put where it belongs. An entry older than everything loaded comes with its own page later. */
export function place(entries: Entry[], entry: Entry, more: boolean): Entry[] {
  const others = remove(entries, entry.id)
  const index = others.findIndex((other) => comesAfter(entry, other))
  if (index >= 0) return others.toSpliced(index, 0, entry)
  return more ? others : [...others, entry]
}

export function remove(entries: Entry[], id: string): Entry[] {
  return entries.filter((entry) => entry.id !== id)
}

/** Whether the list has `entry` already, in this state or a newer one. */
export function isKnown(entries: Entry[], entry: Entry): boolean {
  const known = entries.find(({ id }) => id === entry.id)
  if (!known) return false
  return deepEqual(known, entry) || Date.parse(known.updated_at) > Date.parse(entry.updated_at)
}

/** The server's order: by instant, then by id. */
function comesAfter(a: Entry, b: Entry): boolean {
  const difference = Date.parse(a.at) - Date.parse(b.at)
  return difference === 0 ? a.id > b.id : difference > 0
}
