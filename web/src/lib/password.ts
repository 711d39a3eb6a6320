import { characters } from './text'

/**
 * The rules for a new password that can be checked before it is sent; only the server knows whether it is easy to
 * guess.
 */
export function passwordHints(password: string): { text: string; met: boolean }[] {
  const length = characters(password)
  const classes = [/[a-z]/, /[A-Z]/, /\d/, /[^a-zA-Z\d]/].filter((kind) => kind.test(password))
  return [
    { text: '12 to 128 characters', met: length >= 12 && length <= 128 },
    {
      text: 'Small and capital letters, a digit and a sign; or 20 characters of any kind',
      met: classes.length === 4 || length >= 20,
    },
  ]
}
