// The last 24 hours as rows of bars, one row for each kind of event.
import type { SecurityHour } from '../../api/types'

export type Kind = Exclude<keyof SecurityHour, 'at'>

export interface Strip {
  kind: Kind
  label: string
  total: number
  /** The height of each hour's bar, 0 to 1 of the tallest in its row. */
  bars: number[]
  /** The hour with the most events; undefined where there were none. */
  worst: SecurityHour | undefined
}

const LABELS: [Kind, string][] = [
  ['failed_sign_ins', 'Failed sign-ins'],
  ['penalties', 'Penalties'],
  ['suspicious', 'Suspicious requests'],
  ['csp_reports', 'Refused by the browser'],
]

export function strips(hours: readonly SecurityHour[]): Strip[] {
  return LABELS.map(([kind, label]) => {
    const counts = hours.map((hour) => hour[kind])
    const most = Math.max(...counts, 0)
    return {
      kind,
      label,
      total: counts.reduce((sum, count) => sum + count, 0),
      bars: counts.map((count) => (most === 0 ? 0 : count / most)),
      worst: most === 0 ? undefined : hours[counts.indexOf(most)],
    }
  })
}
