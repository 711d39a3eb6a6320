import type { Entry, Unit } from '../../api/client'
import { altitudeText } from '../../lib/altitude'
import { amount } from '../../lib/units'

/** `250 ml` or `7 · Good` */
export function entryWords({ metric, value }: Pick<Entry, 'metric' | 'value'>, unit: Unit): string {
  return metric === 'water' ? amount(value, unit) : altitudeText(value)
}
