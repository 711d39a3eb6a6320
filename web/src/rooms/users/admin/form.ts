// The form of a new account, as an admin fills it in.
import type { Role } from '../../../api/types'
import type { OfferForm } from '../../people/sharing/share'

export const DRAFT = 'user'

export interface UserForm {
  username: string
  name: string
  role: Role
  /** The terms on which they will see the admin who makes the account. */
  offer?: OfferForm
}

export function emptyForm(): UserForm {
  return { username: '', name: '', role: 'viewer' }
}

/** The body of the request, as typed: the server judges it. */
export function readForm({ username, name, role }: UserForm) {
  const shown = name.trim()
  return { username: username.trim().toLowerCase(), role, ...(shown && { display_name: shown }) }
}
