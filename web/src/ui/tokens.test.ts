import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'

const src = join(import.meta.dirname, '..')
const tokens = readFileSync(join(src, 'ui/tokens.css'), 'utf8')

/** The luminance of `#rrggbb` as WCAG 2.2 defines it, 0 to 1. */
function luminance(hex: string): number {
  const [r, g, b] = [1, 3, 5].map((start) => {
    const channel = parseInt(hex.slice(start, start + 2), 16) / 255
    return channel <= 0.04045 ? channel / 12.92 : ((channel + 0.055) / 1.055) ** 2.4
  }) as [number, number, number]
  return 0.2126 * r + 0.7152 * g + 0.0722 * b
}

function contrast(a: string, b: string): number {
  const [dark, light] = [luminance(a), luminance(b)].sort((x, y) => x - y) as [number, number]
  return (light + 0.05) / (dark + 0.05)
}

/** The first definition of a token: the one outside `prefers-contrast`, which only widens it. */
function colour(name: string, theme: 'light' | 'dark'): string {
  const found = new RegExp(`--${name}: light-dark\\((#\\w{6}), (#\\w{6})\\)`).exec(tokens)
  if (!found) throw new Error(`no token --${name}`)
  return (theme === 'light' ? found[1] : found[2])!
}

const levels = Array.from({ length: 10 }, (_, index) => String(index + 1))
const grounds = ['paper', 'surface', 'sunken']

// Text and its background.
const texts = [
  ...['ink', 'muted', 'accent', 'water', 'danger', 'warn'].flatMap((text) =>
    grounds.map((ground) => [text, ground] as const),
  ),
  ['on-accent', 'accent'],
  ['on-inverse', 'inverse'],
  ...levels.map((level) => [`on-altitude-${level}`, `altitude-${level}`] as const),
] as [string, string][]

// Borders of controls, the focus ring, and outlines of marks whose own colour may be pale.
const marks = ['control', 'water', 'muted', 'accent'].flatMap((mark) =>
  grounds.map((ground) => [mark, ground] as [string, string]),
)

describe.each(['light', 'dark'] as const)('the %s theme', (theme) => {
  test.each(texts)('text %s is readable on %s', (text, ground) => {
    expect(contrast(colour(text, theme), colour(ground, theme))).toBeGreaterThanOrEqual(4.5)
  })

  test.each(marks)('mark %s can be made out on %s', (mark, ground) => {
    expect(contrast(colour(mark, theme), colour(ground, theme))).toBeGreaterThanOrEqual(3)
  })

  test('the ring can be told from its track', () => {
    expect(contrast(colour('water', theme), colour('water-track', theme))).toBeGreaterThanOrEqual(3)
  })

  test('the ramp rises in lightness from valley to summit', () => {
    const ramp = levels.map((level) => luminance(colour(`altitude-${level}`, theme)))
    expect(ramp).toEqual([...new Set(ramp)].sort((a, b) => a - b))
  })
})

test('no colour is written anywhere but in tokens.css', () => {
  const files = readdirSync(src, { recursive: true, encoding: 'utf8' })
    .filter((name) => /\.(svelte|css|ts)$/.test(name))
    .filter((name) => !name.endsWith('tokens.css') && !name.endsWith('.test.ts'))
    .filter((name) => !name.endsWith('schema.d.ts'))
  const literal =
    /#(?:[\da-f]{3,4}|[\da-f]{6}|[\da-f]{8})\b(?!\()|\b(?:rgba?|hsla?|oklch|oklab|lab|lch)\(|:\s*(?:white|black|red|green|blue|gr[ae]y)\b/i
  const offenders = files.flatMap((name) =>
    readFileSync(join(src, name), 'utf8')
      .split('\n')
      .map((line, index) => `${name}:${index + 1} ${line.trim()}`)
      .filter((line) => literal.test(line)),
  )
  expect(offenders).toEqual([])
})
