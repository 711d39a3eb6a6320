// Says what is wrong with a field, in words for the person who typed it.
import type { components } from './schema'

/** The codes for which the server's own text is written for people. */
const SAID_BY_SERVER = new Set('future guessable kinds length name past same username'.split(' '))

/** Other texts of the server are for programs: some name other fields, types and settings. */
export function fieldWord({ code, message }: components['schemas']['FieldError']): string {
  // Stored earlier, in words already.
  if (code === '') return message
  if (SAID_BY_SERVER.has(code) && !/[`{}_]|JSON|NUL/.test(message)) return message
  if (code === 'required') return 'Fill this in.'
  if (code === 'range') return 'has to be within the limits'
  if (code === 'version') return 'There is a newer one. Load the page again, read it and accept it.'
  return 'This does not fit here.'
}
