// The words where a share withholds the number: a band that says what it is about, or only that something was logged.
// The bounds are the server's.
import type { Band, Metric, Unit } from '../api/types'
import { amount } from './units'

const names: Record<Band, string> = { low: 'Low', middle: 'Middle', high: 'High' }
/** The levels that an altitude band spans, and the one whose face and colour stand for it. */
const levels: Record<Band, { from: number; to: number; face: number }> = {
  low: { from: 1, to: 3, face: 2 },
  middle: { from: 4, to: 7, face: 5 },
  high: { from: 8, to: 10, face: 9 },
}
const days: Record<Band, string> = {
  low: 'below half of the goal',
  middle: 'half of the goal or more',
  high: 'the goal is reached',
}
const LOW_ML = 200
const HIGH_ML = 400

export function bandName(band: Band): string {
  return names[band]
}

export function levelsOf(band: Band): { from: number; to: number; face: number } {
  return levels[band]
}

/** `Middle, 4 to 7` or `Low, below 200 ml` */
export function bandText(metric: Metric, band: Band, unit: Unit): string {
  if (metric === 'altitude') return `${names[band]}, ${levels[band].from} to ${levels[band].to}`
  if (band === 'low') return `${names.low}, below ${amount(LOW_ML, unit)}`
  if (band === 'high') return `${names.high}, from ${amount(HIGH_ML, unit)}`
  return `${names.middle}, from ${amount(LOW_ML, unit)} to below ${amount(HIGH_ML, unit)}`
}

/** Of a day's water: `Low today: below half of the goal` */
export function dayBandText(band: Band): string {
  return `${names[band]} today: ${days[band]}`
}
