// Reads a field that takes a number: what it means, what else it could mean, or what is wrong with it, in the person's
// own unit. Nothing is rounded and nothing guessed.
import type { Unit } from '../api/types'
import { number, type NumberReading, ownLocale, plain, readings, scaled } from './numbers'
import { amount, type Amount, asAmount, inTenths, mlOfTenths, toInput } from './units'

export type Reading<T> =
  | { state: 'empty' }
  | { state: 'read'; value: T; said: string }
  /** It can mean more than one thing. `text` is what to type for each meaning. */
  | { state: 'asked'; why: string; choices: Choice[] }
  | { state: 'wrong'; why: string }

export interface Choice {
  said: string
  text: string
}

export interface Range {
  least: number
  most: number
}

type Found<T> = ({ value: T } & Choice) | { why: string }

/** The only way to read it, or the person's own way where no other could be meant; anything else is asked. */
function decide<T>(
  text: string,
  ways: NumberReading[],
  read: (value: string) => Found<T>,
  nothing: string,
): Reading<T> {
  if (text.trim() === '') return { state: 'empty' }
  const [own, ...others] = ways.map(({ value, own }) => ({ found: read(value), own }))
  if (!own) return { state: 'wrong', why: nothing }
  const good = [own, ...others].flatMap(({ found }) => ('value' in found ? [found] : []))
  const [first] = good
  if (!first) return { state: 'wrong', why: 'why' in own.found ? own.found.why : nothing }
  if (good.length === 1 && first === own.found && (own.own || others.length === 0)) {
    return { state: 'read', value: first.value, said: first.said }
  }
  return asked(text, good)
}

function asked(text: string, meanings: Choice[], problem?: string): Reading<never> {
  const doubt = meanings.length > 1 ? 'can be read in two ways' : 'can be misread'
  const choices = meanings.map(({ said, text }) => ({ said, text }))
  return { state: 'asked', why: problem ?? `“${text.trim()}” ${doubt}.`, choices }
}

/** The names of the units, and the power of ten between each and the millilitre, or the tenth of an ounce. */
const UNITS: { name: RegExp; unit: Unit; power: number }[] = [
  { name: /^(fl(uid)?\.?[\s_]*)?(oz|ounces?)\.?$/, unit: 'fl_oz', power: 1 },
  { name: /^(ml|㎖|millilit(er|re)s?)\.?$/, unit: 'ml', power: 0 },
  { name: /^(cl|centilit(er|re)s?)\.?$/, unit: 'ml', power: 1 },
  { name: /^(dl|㎗|decilit(er|re)s?)\.?$/, unit: 'ml', power: 2 },
  { name: /^(l|ℓ|lit(er|re)s?)\.?$/, unit: 'ml', power: 3 },
]

interface Typed {
  number: string
  unit: Unit
  power: number
  /** The unit as it was typed; empty where the person's own unit is meant. */
  suffix: string
}

/** Number and unit of the typed text; undefined for an unknown unit. */
function split(text: string, own: Unit): Typed | undefined {
  const parts = /^(.*?)\s*([\p{L}㎖㎗][\p{L}\s._㎖㎗]*)?$/su.exec(text.trim())
  const [, typed = '', suffix = ''] = parts ?? []
  if (suffix === '') return { number: typed, unit: own, power: own === 'ml' ? 0 : 1, suffix }
  const named = UNITS.find(({ name }) => name.test(suffix.trim().toLowerCase()))
  return named && { ...named, number: typed, suffix: ` ${suffix.trim()}` }
}

function atMost(_least: string, most: string): string {
  return `Type an amount of at most ${most}.`
}

/** An amount of water within a range of millilitres. `words` give the range, in the person's unit. */
export function readAmount(
  text: string,
  unit: Unit,
  range: Range,
  words: (least: string, most: string) => string = atMost,
  locale = ownLocale(),
): Reading<Amount> {
  const shown = (ml: number) => amount(ml, unit, null, locale)
  const limits = words(shown(range.least), shown(range.most))
  const positive = words === atMost ? `It has to be above 0. ${limits}` : limits
  const typed = split(text, unit)
  if (!typed) {
    const counts = readings(text.replace(/[^\p{Nd}]+$/u, ''), locale).length > 0
    const why = counts ? 'Type ml, l or fl oz after the number, or nothing.' : limits
    return { state: 'wrong', why }
  }
  const read = (value: string): Found<Amount> => {
    const exact = scaled(value, typed.power)
    if (exact === null) return { why: tooFine(value, typed, locale) }
    if (exact === 0) return { why: positive }
    const ml = typed.unit === 'ml' ? exact : within(mlOfTenths(exact), range)
    const fits = typed.unit === 'ml' ? isWithin(exact, range) : isWithin(exact, tenths(range))
    if (!fits) return { why: limits }
    const said = asAmount(ml, typed.unit === 'ml' ? null : exact)
    const text = number(Number(value), locale) + typed.suffix
    return { value: said, said: saidAs(said, unit, locale), text }
  }
  const ways = readings(typed.number, locale)
  const negative = /^[-\u2212]\s*\p{Nd}/u.test(typed.number)
  const reading = decide(text, ways, read, negative ? positive : limits)
  const [way] = ways
  const litres = way && inLitres(way.value, typed, range, unit, locale)
  if (reading.state === 'asked' || !litres) return reading
  const found = read(way.value)
  if ('value' in found) return asked(text, [found, litres])
  return asked(text, [litres], scaled(way.value, typed.power) === null ? found.why : undefined)
}

/** A text with the unit that it was typed in. */
export interface TypedAmount {
  text: string
  unit: Unit
}

/** The same amount as text in another unit: empty where it is not clear which amount it is. */
export function textIn(typed: TypedAmount, unit: Unit, range: Range): string {
  if (typed.unit === unit) return typed.text
  const reading = readTyped(typed, unit, range)
  if (reading.state !== 'read') return ''
  const { ml, fl_oz_tenths } = reading.value
  return toInput(ml, unit, fl_oz_tenths)
}

/** Reads an amount by the unit that it was typed in: a text in another unit shows it rounded. */
export function readTyped(typed: TypedAmount, unit: Unit, range: Range): Reading<Amount> {
  const reading = readAmount(typed.text, typed.unit, range)
  if (typed.unit === unit) return reading
  if (reading.state !== 'read') return { state: 'empty' }
  return { ...reading, said: saidAs(reading.value, unit, ownLocale()) }
}

function within(value: number, { least, most }: Range): number {
  return Math.min(Math.max(value, least), most)
}

function isWithin(value: number, { least, most }: Range): boolean {
  return value >= least && value <= most
}

/** The range in tenths of an ounce as it is shown, so that the limit is accepted as it is shown. */
function tenths({ least, most }: Range): Range {
  return { least: Math.max(inTenths(least), 1), most: inTenths(most) }
}

function tooFine(value: string, { unit, suffix }: Typed, locale: string): string {
  const shown = number(Number(value), locale)
  return unit === 'ml'
    ? `${shown}${suffix || ' ml'} is not a whole number of millilitres.`
    : `${shown} fl oz is finer than a tenth of an ounce.`
}

/**
 * A number with a fraction, typed without a unit, may mean litres: nobody writes millilitres as `0.5` or `1.0`. It is
 * asked about wherever as many litres are possible.
 */
function inLitres(
  value: string,
  { unit, suffix }: Typed,
  range: Range,
  own: Unit,
  locale: string,
): Choice | undefined {
  if (!value.includes('.') || unit !== 'ml' || suffix !== '') return undefined
  const ml = scaled(value, 3)
  if (!ml || !isWithin(ml, range)) return undefined
  return { said: saidAs(asAmount(ml), own, locale), text: `${number(Number(value), locale)} l` }
}

/** `1,500 ml` or `16 fl oz (473 ml)` */
function saidAs({ ml, fl_oz_tenths }: Amount, unit: Unit, locale: string): string {
  const inMl = amount(ml, 'ml', null, locale)
  if (unit === 'ml' && fl_oz_tenths === null) return inMl
  return `${amount(ml, 'fl_oz', fl_oz_tenths, locale)} (${inMl})`
}

/** A whole number within a range. `limits` give the range; what is counted comes by its singular and plural. */
export function readWhole(
  text: string,
  [one, many]: readonly [one: string, many: string],
  range: Range,
  limits = `Type ${number(range.least)} to ${number(range.most)} ${many}.`,
  locale = ownLocale(),
): Reading<number> {
  const read = (value: string): Found<number> => {
    const whole = scaled(value, 0)
    const shown = number(Number(value), locale)
    if (whole === null || !isWithin(whole, range)) return { why: limits }
    return { value: whole, said: `${shown} ${whole === 1 ? one : many}`, text: shown }
  }
  return decide(text, readings(text, locale), read, limits)
}

/** Why the typed text cannot be sent; undefined where it can. */
export function wrongWith<T>(reading: Reading<T>, empty: string): string | undefined {
  if (reading.state === 'read') return undefined
  if (reading.state === 'empty') return empty
  return reading.state === 'asked' ? `${reading.why} Choose what you mean.` : reading.why
}

/** A code of digits in the form that the server takes, whatever script, spaces or dashes were typed. Letters stay. */
export function readCode(text: string): string {
  return plain(text).replaceAll(/[\s_\p{Pd}]/gu, '')
}
