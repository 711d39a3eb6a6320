// Amounts are stored in whole millilitres; an amount that was typed in fluid ounces (US) also has its tenths of an
// ounce, and sums in ounces add those.
import type { Unit } from '../api/types'
import { number, ownLocale, plainNumber } from './numbers'

/** The largest entry that the server accepts. */
export const MOST_ML = 5000
export const AMOUNT = { least: 1, most: MOST_ML }
const ML_PER_FL_OZ = 29.5735295625
const names: Record<Unit, string> = { ml: 'ml', fl_oz: 'fl oz' }

export interface Amount {
  ml: number
  /** The amount in ounces, if it was typed in them. */
  fl_oz_tenths: number | null
}

/** The tenths of an ounce, or any of the values that mean there are none. */
type Tenths = number | null | undefined

export function asAmount(ml: number, fl_oz_tenths?: Tenths): Amount {
  return { ml, fl_oz_tenths: fl_oz_tenths ?? null }
}

export function unitName(unit: Unit): string {
  return names[unit]
}

/** The tenths of an ounce nearest to an amount in millilitres. */
export function inTenths(ml: number): number {
  return Math.round((ml / ML_PER_FL_OZ) * 10)
}

/** The millilitres nearest to an amount in tenths of an ounce. */
export function mlOfTenths(tenths: number): number {
  return Math.round((tenths / 10) * ML_PER_FL_OZ)
}

/**
 * The sum of many amounts in tenths of an ounce: typed tenths are added as they are, all other amounts are rounded once
 * together.
 */
export function sumInTenths(amounts: Amount[]): number {
  let typed = 0
  let ml = 0
  for (const one of amounts) {
    if (one.fl_oz_tenths === null) ml += one.ml
    else typed += one.fl_oz_tenths
  }
  return typed + inTenths(ml)
}

function inUnit(ml: number, unit: Unit, tenths: Tenths): number {
  return unit === 'ml' ? ml : (tenths ?? inTenths(ml)) / 10
}

/** `1250` as `1,250 ml` or `42.3 fl oz`, which never wraps. `tenths` are the ounces as they were typed. */
export function amount(
  ml: number,
  unit: Unit,
  tenths: Tenths = null,
  locale = ownLocale(),
): string {
  const shown = number(inUnit(ml, unit, tenths), locale)
  return `${shown}\u00a0${names[unit].replace(' ', '\u00a0')}`
}

/** Writes an amount for an input field, with nothing between thousands. */
export function toInput(
  ml: number,
  unit: Unit,
  tenths: Tenths = null,
  locale = ownLocale(),
): string {
  return plainNumber(inUnit(ml, unit, tenths), locale)
}
