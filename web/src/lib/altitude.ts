// Mood is shown as altitude: ten levels from the valley to the summit, each with a plain word.
const words = [
  'Very low',
  'Low',
  'Down',
  'Flat',
  'So-so',
  'Steady',
  'Good',
  'Bright',
  'High',
  'On top',
] as const

export const LEVELS = words.map((_, index) => index + 1)

export function altitudeWord(level: number): string {
  return words[level - 1] ?? ''
}

/** `7 · Good` */
export function altitudeText(level: number): string {
  return `${level} · ${altitudeWord(level)}`
}

/** The level a key on the keyboard stands for: 1 to 9, and 0 for ten. */
export function levelOfKey(key: string): number | null {
  if (!/^\d$/.test(key)) return null
  return key === '0' ? 10 : Number(key)
}

/** The level at a place on the slider, 0 (left end) to 1 (right end). */
export function levelAt(place: number): number {
  return Math.min(Math.max(Math.ceil(place * 10), 1), 10)
}
