// Which address shows what. Everything the page can be asked for is in this one table.
import type { Metric } from '../api/client'

export type Route =
  | { name: 'dashboard'; person?: string }
  | { name: 'history'; person?: string; metric?: Metric }
  | { name: 'settings' }
  | { name: 'sign-in'; next: string }
  | { name: 'register' }
  | { name: 'not-found' }

export function parseRoute(url: URL): Route {
  const [first, second, third, ...more] = url.pathname.split('/').filter(Boolean).map(decode)
  const metric = parseMetric(url.searchParams.get('metric'))
  if (more.length > 0) return { name: 'not-found' }
  if (first === 'people' && second !== undefined) {
    if (third === undefined) return { name: 'dashboard', person: second }
    if (third === 'history') return { name: 'history', person: second, ...metric }
    return { name: 'not-found' }
  }
  if (second !== undefined) return { name: 'not-found' }
  if (first === undefined) return { name: 'dashboard' }
  if (first === 'history') return { name: 'history', ...metric }
  if (first === 'settings' || first === 'register') return { name: first }
  if (first === 'sign-in') return { name: first, next: localPath(url.searchParams.get('next')) }
  return { name: 'not-found' }
}

/** Where to go after signing in: a path of this page and nothing else, whatever the address asks for. */
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

export function signInPath(next: string): string {
  return next === '/' ? '/sign-in' : `/sign-in?next=${encodeURIComponent(next)}`
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
