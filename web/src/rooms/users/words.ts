import type { ApiError } from '../../api/error'
import type { Role, User } from '../../api/types'

export const roleWords: Record<Role, string> = { admin: 'Admin', viewer: 'Viewer' }

/** The roles of a new account; the one that can do less comes first. */
export const roles = (['viewer', 'admin'] as const).map((value) => ({
  value,
  label: roleWords[value],
}))

/** Whether somebody can sign in, and if not, why. */
export function stateWords(user: Pick<User, 'disabled' | 'locked_until'>, now: number): string {
  if (user.disabled) return 'Disabled'
  return isLocked(user, now) ? 'Locked' : 'Active'
}

export function isLocked({ locked_until }: Pick<User, 'locked_until'>, now: number): boolean {
  return locked_until !== null && Date.parse(locked_until) > now
}

/** Advice for a refusal that is about the last admin. */
export function lastAdminWords({ code }: ApiError): string | null {
  return code === 'last_admin'
    ? 'This is the last admin, and somebody has to be able to manage this server. Make somebody else an admin first. Nothing was changed.'
    : null
}
