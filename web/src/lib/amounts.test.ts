import { expect, test } from 'vitest'
import type { Unit } from '../api/types'
import { type Range, readAmount, readCode, readTyped, readWhole, textIn } from './amounts'
import { number, plainNumber, readings } from './numbers'
import { AMOUNT, amount, asAmount, inTenths, mlOfTenths, sumInTenths, toInput } from './units'

const GOAL = { least: 100, most: 10_000 }
const LOCALES = [
  ...[
    'en',
    'en-US',
    'en-IN',
    'en-ZA',
    'de',
    'de-AT',
    'de-CH',
    'fr',
    'fr-CH',
    'es',
    'pt-BR',
    'pt-PT',
    'it',
    'pl',
  ],
  ...[
    'ru',
    'sv',
    'nb',
    'tr',
    'ar-EG',
    'fa',
    'hi',
    'bn',
    'mr',
    'ja',
    'zh',
    'he',
    'bg',
    'cs',
    'hu',
    'nl',
  ],
]

/** Reads a text: the millilitres, the choices that are offered, or `wrong`. */
function read(text: string, unit: Unit, locale: string, range: Range = AMOUNT) {
  const reading = readAmount(text, unit, range, undefined, locale)
  if (reading.state === 'read') return reading.value.ml
  if (reading.state === 'asked') return reading.choices.map(({ text }) => text)
  return reading.state
}

test.each(LOCALES)('what the page writes in %s is read as what it is', (locale) => {
  for (let ml = 1; ml <= 5_000; ml += 7) {
    expect(read(amount(ml, 'ml', null, locale), 'ml', locale)).toBe(ml)
    expect(read(number(ml, locale), 'ml', locale)).toBe(ml)
    expect(read(toInput(ml, 'ml', null, locale), 'ml', locale)).toBe(ml)
  }
  for (let tenths = 1; tenths <= inTenths(5_000); tenths += 3) {
    const ml = Math.min(mlOfTenths(tenths), 5_000)
    expect(read(amount(ml, 'fl_oz', tenths, locale), 'fl_oz', locale)).toBe(ml)
    expect(read(plainNumber(tenths / 10, locale), 'fl_oz', locale)).toBe(ml)
  }
})

test.each(LOCALES)('a number with a fraction or thousands is first what %s writes', (locale) => {
  for (const value of [0.5, 1.25, 12.5, 999.9, 1_000, 1_234.5, 12_345, 1_234_567, 100_000.25]) {
    const [first] = readings(number(value, locale), locale)
    expect(Number(first?.value)).toBe(value)
    expect(first?.own).toBe(true)
  }
})

test.each([
  // Thousands as the locale writes them, and the fraction that is no millilitre.
  ['1,500', 'ml', 'en', 1500],
  ['1.500', 'ml', 'de', 1500],
  ['1\u202f500', 'ml', 'fr', 1500],
  ['1 500', 'ml', 'fr', 1500],
  ['1 500', 'ml', 'en', 1500],
  ['1’500', 'ml', 'de-CH', 1500],
  ["1'500", 'ml', 'de-CH', 1500],
  ['4,999', 'ml', 'en-IN', 4999],
  // A text with two meanings brings a question.
  ['1.500', 'ml', 'en', ['1,500']],
  ['1,500', 'ml', 'de', ['1.500']],
  ['1.500', 'ml', 'fr', ['1\u202f500']],
  ['1,500', 'ml', 'de-CH', [number(1500, 'de-CH')]],
  ['1.000', 'ml', 'en', ['1', '1,000']],
  ['1,000', 'ml', 'de', ['1', '1.000']],
  // A part of a litre is offered, never assumed.
  ['0,5', 'ml', 'en', ['0.5 l']],
  ['0.5', 'ml', 'de', ['0,5 l']],
  ['2.7', 'ml', 'en', ['2.7 l']],
  ['0,500', 'ml', 'en', ['0.5 l']],
  ['7.5', 'ml', 'en', 'wrong'],
  // Millilitres with a fraction of noughts may be litres, where that is possible.
  ['1.0', 'ml', 'en', ['1', '1 l']],
  ['1.00', 'ml', 'en', ['1', '1 l']],
  ['2,0', 'ml', 'de', ['2', '2 l']],
  ['2,0', 'ml', 'en', ['2', '2 l']],
  ['5.0', 'ml', 'en', ['5', '5 l']],
  ['5,0', 'ml', 'de', ['5', '5 l']],
  ['٢٫٠', 'ml', 'ar-EG', ['2', '2 l']],
  ['250', 'ml', 'en', 250],
  ['250.0', 'ml', 'en', 250],
  ['7.0', 'ml', 'en', 7],
  ['1.0 ml', 'ml', 'en', 1],
  ['1.0 l', 'ml', 'en', 1000],
  ['1.0', 'fl_oz', 'en', 30],
  ['1.0', 'ml', 'en', ['1 l'], GOAL],
  ['0.0', 'ml', 'en', 'wrong'],
  // Ounces have tenths.
  ['8.5', 'fl_oz', 'en', 251],
  ['8,5', 'fl_oz', 'en', 251],
  ['8,5', 'fl_oz', 'de', 251],
  ['8.50', 'fl_oz', 'en', 251],
  ['8.55', 'fl_oz', 'en', 'wrong'],
  ['169.1', 'fl_oz', 'en', 5000],
  ['169.2', 'fl_oz', 'en', 'wrong'],
  ['0.1', 'fl_oz', 'en', 3],
  // A unit other than one's own.
  ['500 ml', 'ml', 'en', 500],
  ['500ml', 'fl_oz', 'en', 500],
  ['0.5 l', 'ml', 'en', 500],
  ['1,5 Liter', 'ml', 'de', 1500],
  ['1,500 l', 'ml', 'de', 1500],
  ['25 cl', 'ml', 'fr', 250],
  ['2.5 dl', 'ml', 'de-CH', 250],
  ['16 fl oz', 'ml', 'en', 473],
  ['16 oz', 'fl_oz', 'en', 473],
  ['16 fl. oz.', 'ml', 'en', 473],
  ['2 cups', 'ml', 'en', 'wrong'],
  ['0.0005 l', 'ml', 'en', 'wrong'],
  // Digits of other scripts, and what keyboards and copying add.
  ['١٥٠٠', 'ml', 'ar-EG', 1500],
  ['١٬٥٠٠', 'ml', 'ar-EG', 1500],
  ['٨٫٥', 'fl_oz', 'fa', 251],
  ['۲۵۰', 'ml', 'fa', 250],
  ['१५००', 'ml', 'hi', 1500],
  ['１，５００', 'ml', 'ja', 1500],
  ['２５０', 'ml', 'en', 250],
  ['+250', 'ml', 'en', 250],
  ['\u200e250\u200f', 'ml', 'he', 250],
  ['\u00a0250 ', 'ml', 'en', 250],
  ['0250', 'ml', 'en', 250],
  // A text that is no number stays one.
  ['', 'ml', 'en', 'empty'],
  ['   ', 'ml', 'en', 'empty'],
  ['-1', 'ml', 'en', 'wrong'],
  ['−250', 'ml', 'en', 'wrong'],
  ['0', 'ml', 'en', 'wrong'],
  ['5001', 'ml', 'en', 'wrong'],
  ['1e3', 'ml', 'en', 'wrong'],
  ['0x10', 'ml', 'en', 'wrong'],
  ['25²', 'ml', 'en', 'wrong'],
  ['½', 'ml', 'en', 'wrong'],
  ['1 5', 'ml', 'en', 'wrong'],
  ['1,50', 'ml', 'en', ['1.5 l']],
  ['1,5,0', 'ml', 'en', 'wrong'],
  ['1..5', 'ml', 'en', 'wrong'],
  ['5.', 'ml', 'en', 'wrong'],
  ['.', 'ml', 'en', 'wrong'],
  ['250 250', 'ml', 'en', 'wrong'],
  ['much', 'ml', 'en', 'wrong'],
  ['9'.repeat(40), 'ml', 'en', 'wrong'],
] as const)(
  'reads %j in %s as written in %s as %j',
  (text, unit, locale, outcome, range = AMOUNT) => {
    expect(read(text, unit, locale, range)).toEqual(outcome)
  },
)

test('a choice, once taken, can be read in one way', () => {
  for (const locale of LOCALES) {
    for (const text of ['1.500', '1,500', '1.000', '1,000', '0,5', '0.5', '1.0', '2,0']) {
      const reading = readAmount(text, 'ml', AMOUNT, undefined, locale)
      for (const choice of reading.state === 'asked' ? reading.choices : []) {
        expect(readAmount(choice.text, 'ml', AMOUNT, undefined, locale)).toMatchObject({
          state: 'read',
          said: choice.said,
        })
      }
    }
  }
})

test('limits are told in the unit of the person, and what is told is taken', () => {
  const words = (least: string, most: string) => `${least} to ${most}`
  const why = (unit: Unit) => readAmount('0', unit, GOAL, words, 'en')
  expect(why('ml')).toEqual({ state: 'wrong', why: '100\u00a0ml to 10,000\u00a0ml' })
  expect(why('fl_oz')).toEqual({
    state: 'wrong',
    why: '3.4\u00a0fl\u00a0oz to 338.1\u00a0fl\u00a0oz',
  })
  expect(read('3.4', 'fl_oz', 'en', GOAL)).toBe(101)
  expect(read('338.1', 'fl_oz', 'en', GOAL)).toBe(9_999)
  expect(read('3.3', 'fl_oz', 'en', GOAL)).toBe('wrong')
})

test('the question says why it is asked', () => {
  const why = (text: string, range: Range) => readAmount(text, 'ml', range, undefined, 'en')
  expect(why('1.0', AMOUNT)).toMatchObject({ why: '“1.0” can be read in two ways.' })
  expect(why('2.0', GOAL)).toMatchObject({ why: '“2.0” can be misread.' })
  expect(why('1.5', AMOUNT)).toMatchObject({ why: '1.5 ml is not a whole number of millilitres.' })
})

test('a text that was typed in another unit is the same amount, or nothing', () => {
  const inMl = (text: string) => textIn({ text, unit: 'fl_oz' }, 'ml', AMOUNT)
  expect(['16', '500 ml', '169.1', '170', 'much', ''].map(inMl)).toEqual([
    '473',
    '500',
    '5000',
    '',
    '',
    '',
  ])
  const inOunces = (text: string) => textIn({ text, unit: 'ml' }, 'fl_oz', AMOUNT)
  expect(['473', '0.5 l', '1.5', '1.0'].map(inOunces)).toEqual(['16', '16.9', '', ''])
  expect(textIn({ text: '1.5', unit: 'ml' }, 'ml', AMOUNT)).toBe('1.5')
})

test('it is said what was understood', () => {
  const said = (text: string, unit: Unit) => readAmount(text, unit, AMOUNT, undefined, 'en')
  expect(said('1500', 'ml')).toMatchObject({ said: '1,500\u00a0ml' })
  expect(said('16', 'fl_oz')).toMatchObject({
    value: { ml: 473, fl_oz_tenths: 160 },
    said: '16\u00a0fl\u00a0oz (473\u00a0ml)',
  })
  expect(said('500 ml', 'fl_oz')).toMatchObject({ value: { ml: 500, fl_oz_tenths: null } })
})

test.each([
  ['24', 'en', 24],
  [' ٢٤ ', 'ar', 24],
  ['+6', 'en', 6],
  ['6.0', 'en', 6],
  ['6.5', 'en', 'wrong'],
  ['169', 'en', 'wrong'],
  ['1e2', 'en', 'wrong'],
  ['-6', 'en', 'wrong'],
  ['', 'en', 'empty'],
] as const)('reads %j as a whole number', (text, locale, outcome) => {
  const reading = readWhole(text, ['hour', 'hours'], { least: 1, most: 168 }, undefined, locale)
  expect(reading.state === 'read' ? reading.value : reading.state).toBe(outcome)
})

test('counts one of it as one', () => {
  const said = (text: string) => {
    const reading = readWhole(text, ['person', 'people'], { least: 1, most: 2000 }, undefined, 'en')
    return reading.state === 'read' ? reading.said : reading.state
  }
  expect(['1', '01', '2', '1000'].map(said)).toEqual([
    '1 person',
    '1 person',
    '2 people',
    '1,000 people',
  ])
})

test.each([
  ['123 456', '123456'],
  ['１２３４５６', '123456'],
  ['١٢٣ ٤٥٦', '123456'],
  ['123-456', '123456'],
  ['\u200e123\u00a0456', '123456'],
  ['abcd-efgh', 'abcdefgh'],
])('reads the code %j as %s', (text, code) => {
  expect(readCode(text)).toBe(code)
})

test('sums in ounces add the ounces that were typed, and round the rest once', () => {
  expect(sumInTenths(Array.from({ length: 16 }, () => asAmount(30, 10)))).toBe(160)
  expect(sumInTenths(Array.from({ length: 16 }, () => asAmount(30)))).toBe(162)
  expect(sumInTenths([asAmount(473, 160), asAmount(250), asAmount(250)])).toBe(329)
  expect(sumInTenths([])).toBe(0)
})

test('an amount typed in ounces is shown as it was typed', () => {
  expect(amount(1250, 'ml', null, 'en')).toBe('1,250\u00a0ml')
  expect(amount(250, 'fl_oz', null, 'en')).toBe('8.5\u00a0fl\u00a0oz')
  expect(amount(473, 'fl_oz', 160, 'de')).toBe('16\u00a0fl\u00a0oz')
  expect(amount(9_999_999_999, 'ml', null, 'en')).toBe('9,999,999,999\u00a0ml')
  for (let tenths = 1; tenths < 4_000; tenths += 1) {
    expect(inTenths(mlOfTenths(tenths))).toBe(tenths)
  }
})

test('an amount that is shown in another unit is the amount that was typed', () => {
  for (let ml = 1; ml <= 5_000; ml += 3) {
    const reading = readTyped({ text: String(ml), unit: 'ml' }, 'fl_oz', AMOUNT)
    expect(reading).toMatchObject({ state: 'read', value: { ml, fl_oz_tenths: null } })
  }
  for (const text of ['8.5', '8 fl oz', '0.1', '169.1']) {
    const typed = { text, unit: 'fl_oz' } as const
    const [there, here] = [readTyped(typed, 'ml', AMOUNT), readAmount(text, 'fl_oz', AMOUNT)]
    expect(there).toMatchObject({ value: here.state === 'read' && here.value })
  }
  const typed = { text: '250', unit: 'ml' } as const
  expect(textIn(typed, 'fl_oz', AMOUNT)).toBe('8.5')
  expect(readTyped(typed, 'fl_oz', AMOUNT)).toMatchObject({
    said: '8.5\u00a0fl\u00a0oz (250\u00a0ml)',
  })
})

test.each(['0', '0.0', '-1', '\u2212250', '0 l'])('%s is refused for being nothing', (text) => {
  const reading = readAmount(text, 'ml', AMOUNT, undefined, 'en')
  expect(reading).toMatchObject({ state: 'wrong' })
  expect('why' in reading && reading.why).toContain('above 0. Type an amount of at most 5,000')
})
