// Writes and reads numbers: by the separators of the reader's own locale, in digits of any script. A text with two
// meanings gives both, the reader's own first, so that the page can ask rather than guess.

/** The locale whose separators a person is used to. */
export function ownLocale(): string {
  return typeof navigator === 'undefined' ? 'en' : (navigator.languages[0] ?? 'en')
}

interface Way {
  format: Intl.NumberFormat
  decimal: '.' | ','
  /** The separator that the locale itself puts between thousands. */
  group: string
}

const ways = new Map<string, Way>()

function wayOf(locale: string): Way {
  const known = ways.get(locale)
  if (known) return known
  // The page is in English: digits of another script would stand out in it.
  const options = { maximumFractionDigits: 3, numberingSystem: 'latn' } as const
  const format = new Intl.NumberFormat(locale, options)
  const parts = format.formatToParts(12_345_678.5)
  const part = (type: string) => parts.find((part) => part.type === type)?.value ?? ''
  const way = {
    format,
    decimal: part('decimal') === ',' ? ',' : '.',
    group: part('group'),
  } as const
  ways.set(locale, way)
  return way
}

/** `1250` as `1,250`, or as the locale writes it. */
export function number(value: number, locale = ownLocale()): string {
  return wayOf(locale).format.format(value)
}

/** `0.25` as `0.25`, or as the locale writes it, with nothing between thousands: for a field. */
export function plainNumber(value: number, locale = ownLocale()): string {
  const parts = wayOf(locale).format.formatToParts(value)
  return parts.map(({ type, value }) => (type === 'group' ? '' : value)).join('')
}

const START = /\p{Nd}/u

/** A digit of any script as 0 to 9. Unicode places the ten digits of a script in a row, and the rows side by side. */
function digit(char: string): string {
  const code = char.codePointAt(0) ?? 0
  let first = code
  while (START.test(String.fromCodePoint(first - 1))) first -= 1
  return String((code - first) % 10)
}

/** Spaces and apostrophes can only group; the marks of Arabic have only one meaning each. */
const GROUP = '_'
const POINT = '|'

/**
 * Digits 0 to 9, commas and points as typed, `_` for marks that can only group, and `|` for the ones that can only be
 * decimal.
 */
export function plain(text: string): string {
  return text
    .replace(/[\u200e\u200f\u061c\u2066-\u2069]/gu, '')
    .trim()
    .replace(/\p{Nd}/gu, digit)
    .replace(/[\uff0c\u060c\ufe50]/gu, ',')
    .replace(/[\uff0e\ufe52]/gu, '.')
    .replace(/\u066c/gu, GROUP)
    .replace(/\u066b/gu, POINT)
    .replace(/(?<=\d)['\u2019\u02bc\uff07\p{Zs}](?=\d)/gu, GROUP)
    .replace(/^[+\uff0b]\s*(?=[\d.,|])/u, '')
}

/**
 * The value of `text` if `mark` is its decimal mark and `other` groups, as digits with a point; undefined where it is
 * no number.
 */
function readBy(
  text: string,
  mark: string,
  other: string,
): { value: string; grouped: boolean } | undefined {
  const [whole = '', fraction, ...more] = text.replaceAll(POINT, mark).split(mark)
  if (more.length > 0 || fraction === '' || (whole === '' && fraction === undefined))
    return undefined
  if (!/^\d*$/.test(fraction ?? '')) return undefined
  const parts = whole.replaceAll(other, GROUP).split(GROUP)
  const grouped = parts.length > 1
  if (grouped ? !areGroups(parts) : !/^\d*$/.test(whole)) return undefined
  const digits = parts.join('').replace(/^0+(?=\d)/, '') || '0'
  return { value: fraction === undefined ? digits : `${digits}.${fraction}`, grouped }
}

/** Thousands, or as in India thousands and then hundreds; a grouped number does not begin with a nought. */
function areGroups(parts: string[]): boolean {
  const text = parts.join(GROUP)
  return /^[1-9]\d{0,2}(_\d{3})+$/.test(text) || /^[1-9]\d?(_\d{2})*_\d{3}$/.test(text)
}

export interface NumberReading {
  /** Digits with a point. */
  value: string
  /** Whether this is how the locale itself reads it. */
  own: boolean
}

/**
 * The values that `text` can mean, the locale's first: none where it is no number, and one where there is no doubt.
 * Thousands grouped as the locale does it leave no doubt.
 */
export function readings(text: string, locale = ownLocale()): NumberReading[] {
  const typed = plain(text)
  if (!/\d/.test(typed)) return []
  const { decimal: own, group } = wayOf(locale)
  const foreign = own === '.' ? ',' : '.'
  const first = readBy(typed, own, foreign)
  const second = readBy(typed, foreign, own)
  const usual = !first?.grouped || !typed.includes(foreign) || group === foreign
  const found = []
  if (first) found.push({ value: first.value, own: usual })
  if (second && !(first?.grouped && usual) && Number(second.value) !== Number(first?.value)) {
    found.push({ value: second.value, own: false })
  }
  return found
}

/** `value` (digits with a point) times ten to the `power`, if that is a whole number. */
export function scaled(value: string, power: number): number | null {
  const [whole = '', fraction = ''] = value.split('.')
  const digits = fraction.replace(/0+$/, '')
  if (digits.length > power) return null
  const result = Number(whole + digits.padEnd(power, '0'))
  return Number.isSafeInteger(result) ? result : null
}
