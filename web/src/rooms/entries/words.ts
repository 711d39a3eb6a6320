import type { Entry, Unit } from '../../api/client'
import { altitudeText } from '../../lib/altitude'
import { bandText } from '../../lib/bands'
import { amount } from '../../lib/units'

/** `250 ml` or `7 · Good`; where the number is kept back, its band or `Logged`. */
export function entryWords(
  { metric, value, band }: Pick<Entry, 'metric' | 'value' | 'band'>,
  unit: Unit,
): string {
  if (value !== null) return metric === 'water' ? amount(value, unit) : altitudeText(value)
  return band ? bandText(metric, band, unit) : 'Logged'
}
