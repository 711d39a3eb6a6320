import type { Status } from '../api/types'
import { ago } from './time'

/** The age of the newest thing known of a person, in words; null while it is fresh. */
export function freshnessWords(status: Status, now: number): string | null {
  const { freshness, water, altitude } = status
  const last = [water.last_at, altitude.at]
    .filter((at) => typeof at === 'string')
    .sort()
    .at(-1)
  if (freshness === 'fresh') return null
  if (freshness === 'never' || last === undefined) return 'Nothing logged yet'
  const heard = ago(last, now)
  return freshness === 'stale' ? `Out of date, last logged ${heard}` : `Last logged ${heard}`
}
