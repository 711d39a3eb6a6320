import type { Entry, Unit } from '../../api/types'
import { altitudeText } from '../../lib/altitude'
import { bandText } from '../../lib/bands'
import { amount } from '../../lib/units'
import type { Wish } from './wishes'

/** The parts of an entry that say how much it was. */
export type Figure = Pick<Entry, 'metric' | 'value' | 'band'> & { fl_oz_tenths?: number | null }

/** The words before an entry, for each wish about it. */
export const WISHES: Record<Wish['to'], string> = {
  log: '',
  correct: 'Change to',
  delete: 'Delete',
  restore: 'Bring back',
  change: 'Change back',
}

/** `250 ml` or `7 · Good`; where the number is withheld, its band or `Logged`. */
export function entryWords(
  { metric, value, band, fl_oz_tenths: tenths }: Figure,
  unit: Unit,
): string {
  if (value !== null) return metric === 'water' ? amount(value, unit, tenths) : altitudeText(value)
  return band ? bandText(metric, band, unit) : 'Logged'
}
