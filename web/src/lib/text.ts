import { number } from './numbers'

/** How many characters a text has as the server counts them: code points, so an emoji of one is not two. */
export function characters(text: string): number {
  return Array.from(text).length
}

/**
 * The words about a text that is too long; undefined where it fits. No field cuts a text off: `maxlength` would do so
 * without a word, and it counts differently.
 */
export function tooLong(text: string, most: number): string | undefined {
  const over = characters(text) - most
  if (over <= 0) return undefined
  return `This is ${over === 1 ? 'one character' : `${number(over)} characters`} too long. At most ${most} fit.`
}

/** How much room is left in a field, or how much too long the text is. */
export function roomWords(text: string, most: number): string {
  const left = most - characters(text)
  const count = Math.abs(left) === 1 ? '1 character' : `${number(Math.abs(left))} characters`
  return left < 0 ? `${count} too many` : `${count} left`
}
