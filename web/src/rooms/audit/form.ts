// The filters of the audit log: the address has instants, the form has times on the wall.
import type { AuditFilter } from '../../lib/routes'
import { fromWall, toWall } from '../../lib/time'

/** What can be recorded, in the order of the server's own list. */
export const ACTIONS = [
  'auth.register',
  'auth.login',
  'auth.logout',
  'auth.lock',
  'auth.unlock',
  'session.end',
  'password.change',
  'password.reset',
  'totp.enable',
  'totp.disable',
  'totp.recovery_code',
  'token.create',
  'token.delete',
  'user.create',
  'user.update',
  'user.delete',
  'privacy.accept',
  'invite.create',
  'invite.delete',
  'setting.update',
  'entry.create',
  'entry.update',
  'entry.delete',
  'entry.restore',
  'person.look',
  'penalty.impose',
  'penalty.lift',
  'audit.export',
  'audit.prune',
]

export interface FilterForm {
  actor: string
  action: string
  target: string
  outcome: string
  from: string
  to: string
}

export function formOf(filter: AuditFilter, zone: string): FilterForm {
  const { actor = '', action = '', target = '', outcome = '', from, to } = filter
  return {
    actor,
    action,
    target,
    outcome,
    from: from ? toWall(from, zone) : '',
    to: to ? toWall(to, zone) : '',
  }
}

/** What is not filled in is no filter. */
export function readForm(form: FilterForm, zone: string): AuditFilter {
  const filter = {
    actor: form.actor.trim(),
    action: form.action,
    target: form.target.trim(),
    outcome: form.outcome,
    from: fromWall(form.from, zone),
    to: fromWall(form.to, zone),
  }
  return Object.fromEntries(Object.entries(filter).filter(([, value]) => value))
}
