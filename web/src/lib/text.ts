import { number } from './numbers'

/** How many characters a text has as the server counts them: code points, so an emoji of one is not two. */
export function characters(text: string): number {
  return Array.from(text).length
}

/**
 * The words about a text that is longer than may be; undefined where it fits. No field cuts: `maxlength` would take the
 * end off without a word, and counts otherwise.
 */
export function tooLong(text: string, most: number): string | undefined {
  const over = characters(text) - most
  if (over <= 0) return undefined
  return `This is ${over === 1 ? 'one character' : `${number(over)} characters`} too long. At most ${most} fit.`
}

/** How much room there is in a field, or by how much it is too full. */
export function roomWords(text: string, most: number): string {
  const left = most - characters(text)
  const count = Math.abs(left) === 1 ? '1 character' : `${number(Math.abs(left))} characters`
  return left < 0 ? `${count} too many` : `${count} left`
}
