// The form of a new API token: what is typed, and which part of it is sent.
import type { Role, Scope } from '../../api/types'
import { tooLong } from '../../lib/text'
import { inDays } from '../../lib/time'

export const DRAFT = 'token'
const LONGEST_NAME = 64

export interface TokenForm {
  name: string
  scopes: Scope[]
  days: string
}

export const scopeWords: Record<Scope, string> = {
  read: 'Read what you can see',
  log: 'Log water and altitude',
  'log:water': 'Log water only',
  'log:altitude': 'Log altitude only',
}

/** The lifetimes to choose from, the shortest first, up to the longest that the server allows. */
export const lifetimes = [
  { days: '7', label: 'a week' },
  { days: '30', label: '30 days' },
  { days: '90', label: '90 days' },
  { days: '365', label: 'a year' },
]

/** A viewer has nothing to log. */
export function scopesFor(role: Role): Scope[] {
  return role === 'admin' ? ['read', 'log', 'log:water', 'log:altitude'] : ['read']
}

export function emptyForm(): TokenForm {
  return { name: '', scopes: ['read'], days: '30' }
}

export type Wrong = Partial<Record<'name' | 'scopes' | 'expires_at', string>>

export function readForm({ name, scopes, days }: TokenForm, now: number) {
  const wrong: Wrong = {}
  if (name.trim() === '') wrong.name = 'Type a name by which you know it again.'
  else {
    const long = tooLong(name.trim(), LONGEST_NAME)
    if (long) wrong.name = long
  }
  if (scopes.length === 0) wrong.scopes = 'Choose at least one thing it may do.'
  if (Object.keys(wrong).length > 0) return { wrong }
  return { token: { name: name.trim(), scopes, expires_at: inDays(Number(days), now) } }
}
