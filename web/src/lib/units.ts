// Amounts are kept in whole millilitres; fluid ounces (US) are a way of showing and typing them.
import type { Unit } from '../api/client'

/** The most that the server takes as one entry. */
export const MOST_ML = 5000
const ML_PER_FL_OZ = 29.5735295625
const names: Record<Unit, string> = { ml: 'ml', fl_oz: 'fl oz' }
const number = new Intl.NumberFormat('en', { maximumFractionDigits: 1 })

export function unitName(unit: Unit): string {
  return names[unit]
}

/** `1250` as `1,250` or `42.3`. */
function amountNumber(ml: number, unit: Unit): string {
  return number.format(unit === 'ml' ? ml : ml / ML_PER_FL_OZ)
}

/** `1250` as `1,250 ml` or `42.3 fl oz`, which never breaks in the middle. */
export function amount(ml: number, unit: Unit): string {
  return `${amountNumber(ml, unit)}\u00a0${names[unit].replace(' ', '\u00a0')}`
}

/** What a person sees in an input field: no thousands separators. */
export function toInput(ml: number, unit: Unit): string {
  return amountNumber(ml, unit).replaceAll(',', '')
}

/** What a person typed, in whole millilitres; a comma counts as a decimal point. Not a number: null. */
export function fromInput(text: string, unit: Unit): number | null {
  const typed = text.trim().replace(',', '.')
  if (!/^\d+(\.\d+)?$/.test(typed)) return null
  return Math.round(Number(typed) * (unit === 'ml' ? 1 : ML_PER_FL_OZ))
}
