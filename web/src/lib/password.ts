import { characters } from './text'

/** The four kinds of characters, of any script, as the server tells them apart. */
const KINDS = [/\p{Lowercase}/u, /\p{Uppercase}/u, /\p{N}/u, /[^\p{Alphabetic}\p{N}]/u]

/**
 * The rules for a new password that can be checked before it is sent; only the server knows whether it is easy to
 * guess. It judges the composed form of the password, in which a letter and its accent are one character.
 */
export function passwordHints(password: string): { text: string; met: boolean }[] {
  const typed = password.normalize('NFC')
  const length = characters(typed)
  const classes = KINDS.filter((kind) => kind.test(typed))
  return [
    { text: '12 to 128 characters', met: length >= 12 && length <= 128 },
    {
      text: 'Small and capital letters, a digit and a sign; or 20 characters of any kind',
      met: classes.length === 4 || length >= 20,
    },
  ]
}
