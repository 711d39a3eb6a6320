// What a person's own status will be once the server has taken in a change: shown at once, and replaced by
// the server's own answer right after. Days are compared, never computed, except for entries that are
// still to be sent. Nothing is kept back from the person themself, so every number is there.
import type { Entry, Status } from '../../api/client'

/** What of an entry decides the status. */
export type Fact = Pick<Entry, 'metric' | 'value' | 'at' | 'day'>

export function withEntry(status: Status, entry: Fact): Status {
  const last = entry.metric === 'water' ? status.water.last_at : status.altitude.at
  const newest = !last || Date.parse(entry.at) >= Date.parse(last)
  const freshness = newest ? 'fresh' : status.freshness
  if (entry.metric === 'altitude') {
    return newest
      ? { ...status, freshness, altitude: { value: entry.value, at: entry.at } }
      : status
  }
  const water = { ...status.water, today_ml: (status.water.today_ml ?? 0) + ofToday(status, entry) }
  if (newest) Object.assign(water, { last_at: entry.at, last_ml: entry.value })
  return { ...status, freshness, water }
}

/** `rest` is what else is known of the day, newest first; older entries are for the server to tell. */
export function withoutEntry(status: Status, entry: Fact, rest: Fact[]): Status {
  const next = rest.find((other) => other.metric === entry.metric)
  if (entry.metric === 'altitude') {
    const shown = status.altitude.at === entry.at && next
    return shown ? { ...status, altitude: { value: next.value, at: next.at } } : status
  }
  const left = (status.water.today_ml ?? 0) - ofToday(status, entry)
  const water = { ...status.water, today_ml: Math.max(left, 0) }
  if (water.last_at === entry.at && next) {
    Object.assign(water, { last_at: next.at, last_ml: next.value })
  }
  return { ...status, water }
}

function ofToday(status: Status, entry: Fact): number {
  return entry.day === status.day ? (entry.value ?? 0) : 0
}
