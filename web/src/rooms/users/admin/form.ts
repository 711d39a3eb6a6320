// The form of a new account, as an admin fills it in.
import type { Role } from '../../../api/types'
import type { OfferForm } from '../../people/sharing/share'

export const DRAFT = 'user'

export interface UserForm {
  username: string
  name: string
  role: Role
  /** Terms on which they will see the admin who makes the account. */
  offer?: OfferForm
}

export function emptyForm(): UserForm {
  return { username: '', name: '', role: 'viewer' }
}

/** The body of the request; the server knows best what is wrong with it. */
export function readForm({ username, name, role }: UserForm) {
  const shown = name.trim()
  return { username: username.trim().toLowerCase(), role, ...(shown && { display_name: shown }) }
}
