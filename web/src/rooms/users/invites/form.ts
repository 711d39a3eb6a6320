// The form of a new invitation: for whom, for how long, and for how many.
import type { Role } from '../../../api/types'
import { readWhole, wrongWith } from '../../../lib/amounts'
import type { OfferForm } from '../../people/sharing/share'
import { inDays } from '../../../lib/time'

export const DRAFT = 'invite'
const USES = { least: 1, most: 100 }
const LIMITS = 'Type a number from 1 to 100.'

export interface InviteForm {
  role: Role
  days: string
  uses: string
  /** The terms on which they will see the admin who invites them. */
  offer?: OfferForm
}

/** The lifetimes to choose from, up to the longest that the server allows. */
export const lifetimes = [
  { days: '1', label: 'a day' },
  { days: '7', label: 'a week' },
  { days: '30', label: '30 days' },
  { days: '90', label: '90 days' },
]

export function emptyForm(): InviteForm {
  return { role: 'viewer', days: '7', uses: '1' }
}

/** The number of people it is for. */
export function usesOf(text: string) {
  return readWhole(text, 'people', USES, LIMITS)
}

export function readForm({ role, days, uses }: InviteForm, now: number) {
  const read = usesOf(uses)
  if (read.state !== 'read') return { wrong: { max_uses: wrongWith(read, LIMITS) ?? LIMITS } }
  return { invite: { role, max_uses: read.value, expires_at: inDays(Number(days), now) } }
}
