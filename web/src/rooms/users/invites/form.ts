// The form of a new invitation: for whom, for how long, and for how many.
import type { Role } from '../../../api/client'
import type { OfferForm } from '../../people/sharing/share'
import { inDays } from '../../../lib/time'

export const DRAFT = 'draft:invite'
const MOST_USES = 100

export interface InviteForm {
  role: Role
  days: string
  uses: string
  /** What they will see of whoever invites them. */
  offer?: OfferForm
}

/** The last is the longest that the server gives. */
export const lifetimes = [
  { days: '1', label: 'a day' },
  { days: '7', label: 'a week' },
  { days: '30', label: '30 days' },
  { days: '90', label: '90 days' },
]

export function emptyForm(): InviteForm {
  return { role: 'viewer', days: '7', uses: '1' }
}

export function readForm({ role, days, uses }: InviteForm, now: number) {
  const max_uses = /^\d{1,3}$/.test(uses.trim()) ? Number(uses) : 0
  if (max_uses < 1 || max_uses > MOST_USES) {
    return { wrong: { max_uses: 'Type a number from 1 to 100.' } }
  }
  return { invite: { role, max_uses, expires_at: inDays(Number(days), now) } }
}
