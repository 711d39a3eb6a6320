// A failure in plain words: what happened, and what is safe or to be done about it.
import type { ApiError } from '../api/error'

export function explain(problem: ApiError): { what: string; next: string } {
  const { status, code } = problem
  if (code === 'foreign') {
    return {
      what: 'Something between this device and the server answered in its place.',
      next: 'What is stored there is safe. This page keeps trying; a network that wants you to sign in first may be the reason.',
    }
  }
  if (problem.unanswered) {
    return {
      what: 'The server cannot be reached.',
      next: 'What is stored there is safe. This page keeps trying; you can also try now.',
    }
  }
  if (status === 429) {
    return {
      what: `This page has asked the server too often in a short time. It may ask again ${inWords(problem.retryAfter)}.`,
      next: `Nothing is lost. It will be tried again ${inWords(problem.retryAfter)}.`,
    }
  }
  if (code === 'maintenance') {
    return {
      what: 'The server is being looked after.',
      next: `You can read everything; changes are taken again when it is done. It will be tried again ${inWords(problem.retryAfter)}.`,
    }
  }
  if (status === 503) {
    return {
      what: 'The server is busy or being looked after.',
      next: `Nothing is lost. It will be tried again ${inWords(problem.retryAfter)}.`,
    }
  }
  if (status === 507) {
    return {
      what: 'The server has no room left to store anything.',
      next: 'What is stored is safe. Whoever runs this server has to make room first.',
    }
  }
  if (status >= 500) {
    return {
      what: 'The server made a mistake.',
      next: 'What is stored is safe. Try again; if it stays, give the request number to whoever runs this server.',
    }
  }
  return { what: problem.message, next: 'Nothing was changed.' }
}

const FIELDS: Record<string, string> = {
  value: 'The amount',
  at: 'The time',
  note: 'The note',
  tags: 'The list of tags',
}

/** Why the server did not take in an entry. */
export function reasonOf(problem: ApiError): string {
  const fields = Object.entries(problem.fields)
  if (fields.length > 0) {
    return fields.map(([field, message]) => `${FIELDS[field] ?? field} ${message}.`).join(' ')
  }
  if (problem.code === 'id_conflict') {
    return 'It was saved before, and has been changed or deleted since.'
  }
  if (problem.code === 'read_only_role') return 'Your account can watch, not log.'
  return explain(problem).what
}

/** Why a change was refused and whether it was made: when no answer came, the server may have made it all the same. */
export function refusalWords(problem: ApiError): string {
  const became = problem.unanswered
    ? 'It may have been changed all the same.'
    : 'Nothing was changed.'
  return `${explain(problem).what} ${became}`
}

/**
 * Why nobody was signed in. Nothing tries again by itself here, so what the server says about how long to
 * wait is passed on.
 */
export function explainSignIn(problem: ApiError): string {
  if (problem.code === 'invalid_credentials') {
    return 'Username and password do not match. Check both and try again.'
  }
  if (problem.code === 'locked') return `Too many sign-ins failed. ${problem.message}`
  if (problem.code === 'rate_limited') return `That was too often. ${problem.message}`
  if (problem.code === 'penalised') return `That was too often for too long. ${problem.message}`
  if (problem.code === 'maintenance') {
    return 'The server is being looked after, and until that is done only its admins can sign in. Try again later.'
  }
  const { what } = explain(problem)
  return problem.passing ? `${what} Try again in a moment.` : what
}

/** `in a moment`, `in 5 minutes` or `in 3 hours`: not sooner than in `wait` milliseconds. */
export function inWords(wait: number): string {
  if (wait < 60_000) return 'in a moment'
  const minutes = Math.ceil(wait / 60_000)
  if (minutes > 120) return `in ${Math.ceil(minutes / 60)} hours`
  return minutes === 1 ? 'in a minute' : `in ${minutes} minutes`
}
