// Computes a person's own status as it will be once the server has accepted a change: shown at once, and replaced by
// the server's own answer right after. Days are compared, never computed, except for entries that are still to be sent.
// Nothing is withheld from the person themself, so every number is there.
import type { Entry, Status } from '../../api/types'
import { inTenths } from '../../lib/units'

/** The part of an entry that decides the status. */
export type Fact = Pick<Entry, 'metric' | 'value' | 'at' | 'day'> & {
  fl_oz_tenths?: number | null
}

export function withEntry(status: Status, entry: Fact): Status {
  const last = entry.metric === 'water' ? status.water.last_at : status.altitude.at
  const newest = !last || Date.parse(entry.at) >= Date.parse(last)
  const freshness = newest ? 'fresh' : status.freshness
  if (entry.metric === 'altitude') {
    return newest
      ? { ...status, freshness, altitude: { value: entry.value, at: entry.at } }
      : status
  }
  const water = { ...status.water, ...today(status, entry, 1) }
  if (newest) Object.assign(water, lastOf(entry))
  return { ...status, freshness, water }
}

/**
 * The status without an entry. `rest` holds the other known entries of the day, newest first; older ones are for the
 * server to tell.
 */
export function withoutEntry(status: Status, entry: Fact, rest: Fact[]): Status {
  const next = rest.find((other) => other.metric === entry.metric)
  if (entry.metric === 'altitude') {
    const shown = status.altitude.at === entry.at && next
    return shown ? { ...status, altitude: { value: next.value, at: next.at } } : status
  }
  const water = { ...status.water, ...today(status, entry, -1) }
  if (water.last_at === entry.at && next) Object.assign(water, lastOf(next))
  return { ...status, water }
}

function lastOf({ at, value, fl_oz_tenths }: Fact) {
  return { last_at: at, last_ml: value, last_fl_oz_tenths: fl_oz_tenths ?? undefined }
}

/** The day's water with an entry added or removed; also in ounces, once any of it was typed in them. */
function today({ day, water }: Status, entry: Fact, sign: 1 | -1): Partial<Status['water']> {
  const before = water.today_ml ?? 0
  const ml = entry.day === day ? (entry.value ?? 0) : 0
  const today_ml = Math.max(before + sign * ml, 0)
  const { today_fl_oz_tenths: known } = water
  if (ml === 0 || (known === undefined && !entry.fl_oz_tenths)) return { today_ml }
  const tenths = (known ?? inTenths(before)) + sign * (entry.fl_oz_tenths ?? inTenths(ml))
  return { today_ml, today_fl_oz_tenths: Math.max(tenths, 0) }
}
