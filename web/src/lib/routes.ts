// The table of addresses: every screen that the page can be asked for.
import type { Metric, Outcome } from '../api/types'

export type Route =
  | { name: 'dashboard'; person?: string }
  | { name: 'history'; person?: string; metric?: Metric }
  | { name: 'deleted' }
  | { name: 'settings' }
  | { name: 'sharing' }
  | { name: 'sign-in'; next: string }
  | { name: 'register'; invite?: string }
  | { name: 'admin'; page: AdminPage }
  | { name: 'admin'; page: 'user'; username: string }
  | { name: 'admin'; page: 'audit'; filter: AuditFilter }
  | { name: 'not-found' }

type AdminPage = 'users' | 'invites' | 'security' | 'server'

/** The filters of the audit log; `from` and `to` are instants. */
export interface AuditFilter {
  actor?: string
  action?: string
  target?: string
  outcome?: Outcome
  from?: string
  to?: string
}

/** A user name as the server stores it: upper and lower case are the same. */
function kept(username: string): string {
  return username.replace(/[A-Z]/g, (letter) => letter.toLowerCase())
}

/** The canonical form of an address, however the user name in it is written. */
export function canonical(url: URL): URL {
  const [, before, username, after] =
    /^(\/people\/|\/admin\/users\/)([^/]+)(.*)$/.exec(url.pathname) ?? []
  if (before === undefined || username === undefined || kept(username) === username) return url
  const other = new URL(url)
  other.pathname = before + kept(username) + (after ?? '')
  return other
}

export function parseRoute(url: URL): Route {
  const [first, second, third, ...more] = url.pathname.split('/').filter(Boolean).map(decode)
  const metric = parseMetric(url.searchParams.get('metric'))
  if (more.length > 0) return { name: 'not-found' }
  if (first === 'admin') return parseAdmin(url, second ?? 'users', third)
  if (first === 'people' && second !== undefined) {
    const person = kept(second)
    if (third === undefined) return { name: 'dashboard', person }
    if (third === 'history') return { name: 'history', person, ...metric }
    return { name: 'not-found' }
  }
  if (first === 'history' && second === 'deleted' && third === undefined) return { name: second }
  if (second !== undefined) return { name: 'not-found' }
  if (first === undefined) return { name: 'dashboard' }
  if (first === 'history') return { name: 'history', ...metric }
  if (first === 'settings' || first === 'sharing') return { name: first }
  if (first === 'register') {
    const invite = url.searchParams.get('invite')
    return invite ? { name: first, invite } : { name: first }
  }
  if (first === 'sign-in') return { name: first, next: localPath(url.searchParams.get('next')) }
  return { name: 'not-found' }
}

/** Where to go after signing in: always a path of this page, whatever the address asks for. */
export function localPath(next: string | null): string {
  if (!next?.startsWith('/')) return '/'
  // Browsers read `//host` and `/\host` as another host, and drop tabs and newlines on the way.
  const origin = 'http://here.invalid'
  const url = URL.parse(next, origin)
  const path = url?.origin === origin ? url.pathname + url.search + url.hash : '/'
  return path.startsWith('//') ? '/' : path
}

export function personPath(username: string, page?: 'history'): string {
  const path = `/people/${encodeURIComponent(username)}`
  return page ? `${path}/${page}` : path
}

/** The stream of the list of people. */
export const PEOPLE_EVENTS = '/api/v1/me/events'

/** The stream of one person. */
export function personEventsPath(username: string): string {
  return `/api/v1/people/${encodeURIComponent(username)}/events`
}

export function signInPath(next: string): string {
  return next === '/' ? '/sign-in' : `/sign-in?next=${encodeURIComponent(next)}`
}

export function userPath(username: string): string {
  return `/admin/users/${encodeURIComponent(username)}`
}

export function auditPath(filter: AuditFilter): string {
  const query = new URLSearchParams({ ...filter }).toString()
  return query ? `/admin/audit?${query}` : '/admin/audit'
}

function parseAdmin(url: URL, page: string, rest: string | undefined): Route {
  if (page === 'users' && rest !== undefined)
    return { name: 'admin', page: 'user', username: kept(rest) }
  if (rest !== undefined) return { name: 'not-found' }
  if (page === 'audit') return { name: 'admin', page, filter: parseFilter(url.searchParams) }
  if (page === 'users' || page === 'invites' || page === 'security' || page === 'server') {
    return { name: 'admin', page }
  }
  return { name: 'not-found' }
}

/** Reads the filters in an address, and leaves out those that make no sense. */
function parseFilter(query: URLSearchParams): AuditFilter {
  const filter: AuditFilter = {}
  for (const key of ['actor', 'action', 'target'] as const) {
    const text = query.get(key)
    if (text) filter[key] = text
  }
  const outcome = query.get('outcome')
  if (outcome === 'success' || outcome === 'failure' || outcome === 'denied') {
    filter.outcome = outcome
  }
  for (const key of ['from', 'to'] as const) {
    const at = Date.parse(query.get(key) ?? '')
    if (!Number.isNaN(at)) filter[key] = new Date(at).toISOString()
  }
  return filter
}

function parseMetric(text: string | null): { metric?: Metric } {
  return text === 'water' || text === 'altitude' ? { metric: text } : {}
}

function decode(segment: string): string {
  try {
    return decodeURIComponent(segment)
  } catch {
    return segment
  }
}
