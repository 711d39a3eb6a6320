// The filters of the audit log: the address has instants, the form has local times.
import type { AuditRecord } from '../../api/types'
import type { AuditFilter } from '../../lib/routes'
import { fromWall, toWall } from '../../lib/time'

/** Typed by the server's own list, so that an action that is missing here, or unknown there, is an error. */
const actions: Record<AuditRecord['action'], true> = {
  'auth.register': true,
  'auth.login': true,
  'auth.logout': true,
  'auth.lock': true,
  'auth.unlock': true,
  'session.end': true,
  'password.change': true,
  'password.reset': true,
  'totp.enable': true,
  'totp.disable': true,
  'totp.recovery_code': true,
  'token.create': true,
  'token.delete': true,
  'user.create': true,
  'user.update': true,
  'user.delete': true,
  'privacy.accept': true,
  'invite.create': true,
  'invite.delete': true,
  'setting.update': true,
  'database.check': true,
  'database.optimize': true,
  'entry.create': true,
  'entry.update': true,
  'entry.delete': true,
  'entry.restore': true,
  'entry.rewind': true,
  'entry.recompute': true,
  'share.request': true,
  'share.update': true,
  'share.end': true,
  'person.look': true,
  'penalty.impose': true,
  'penalty.lift': true,
  'audit.export': true,
  'audit.prune': true,
}

/** The actions that are recorded. */
export const ACTIONS = Object.keys(actions)

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

/**
 * An empty field is no filter. An untouched time stays the instant of the filter before: its field has no seconds, and
 * does not tell apart the two of a time that comes twice.
 */
export function readForm(form: FilterForm, zone: string, before: AuditFilter): AuditFilter {
  const shown = formOf(before, zone)
  const instant = (field: 'from' | 'to') =>
    form[field] === shown[field] ? before[field] : fromWall(form[field], zone)
  const filter = {
    // Names and ids are stored in lower case.
    actor: form.actor.trim().toLowerCase(),
    action: form.action,
    target: form.target.trim().toLowerCase(),
    outcome: form.outcome,
    from: instant('from'),
    to: instant('to'),
  }
  return Object.fromEntries(Object.entries(filter).filter(([, value]) => value))
}
