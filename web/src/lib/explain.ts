// A failure in plain words: what happened, what is safe, and what to do about it.
import type { ApiError, Code } from '../api/error'
import { waitWords } from '../api/wait-words'

/** The words for every code of the server. Its own texts are for programs: they name fields, routes and settings. */
const words: Record<Code, string> = {
  address_too_long: 'That was too much for the server at once.',
  asked_recently: 'They have answered already. You can ask again a day after that.',
  bad_request: 'The server could not read what this page sent.',
  busy: 'The server is busy.',
  changed_since_preview: 'It has changed since you looked. Look at it again.',
  continuation_over: 'The second step took too long. Sign in with your password again.',
  cross_site: 'Another site asked for this, so it was refused.',
  disk_full: 'The server has no room left to store anything.',
  headers_too_large:
    'That was too much for the server at once. Clearing this site’s cookies may help.',
  history_not_shared: 'They do not share their history with you.',
  id_conflict: 'Something else was saved in its place already.',
  insufficient_scope: 'This token is not for that.',
  internal: 'The server made a mistake.',
  invalid: 'Something in it does not fit.',
  invalid_credentials: 'Username and password do not match.',
  invalid_cursor: 'The list is no longer what it was. Load this page again.',
  invalid_invite: 'This invitation does not work, or no longer does.',
  invalid_totp: 'This code is wrong, used already or too old.',
  last_admin: 'Somebody has to manage this server. Make somebody else an admin first.',
  locked: 'Too many sign-ins failed. Try again later, or ask an admin to unlock it.',
  maintenance: 'The server is under maintenance.',
  method_not_allowed: 'This server does not do that.',
  not_found: 'It is not there any more, or not yours to see.',
  other_account: 'Somebody else is signed in to this browser now.',
  own_account: 'That cannot be done with your own account.',
  password_change_required: 'You have to choose a password of your own first.',
  payload_too_large: 'That was too much for the server at once.',
  penalised: 'This page has asked the server too often for too long.',
  rate_limited: 'This page has asked the server too often in a short time.',
  read_only: 'The server cannot store anything at the moment.',
  read_only_role: 'Your account watches; it cannot change anything.',
  registration_closed:
    'Nobody can register here by themselves. Ask an admin of this server for an account.',
  request_timeout: 'It did not reach the server in time.',
  set_by_configuration:
    'The person who runs this server has fixed that, so it cannot be changed here.',
  storage_failed: 'The server’s disk does not work as it should.',
  suspicious_request: 'The server took this for an attack and refused it.',
  timeout: 'The server took too long.',
  too_many_streams: 'You have this page open in too many places. Close one of them.',
  too_many_tokens: 'You cannot have more tokens than you have now. Delete one first.',
  totp_already_on: 'The second factor is on already.',
  totp_not_begun: 'There is no second factor to confirm. Begin again.',
  totp_required: 'A code from your authenticator is needed.',
  unauthorized: 'You are not signed in any more.',
  unavailable: 'The server is not answering just now.',
  unknown_host: 'This server is not known by this address.',
  unsupported_media_type: 'The server could not read what this page sent.',
  username_taken: 'This username is taken. Choose another one.',
  viewers_only: 'Only viewers ask to watch.',
  wrong_password: 'This is not your password.',
}

/** The words for a code, or, for a code of a newer server, for the kind of refusal. */
function whatHappened({ code, status }: ApiError): string {
  if (Object.hasOwn(words, code)) return words[code as Code]
  if (status === 401) return words.unauthorized
  if (status === 403) return 'You may not do that.'
  if (status === 404) return words.not_found
  if (status === 409) return 'It is no longer how this page showed it. Load the page again.'
  return 'The server refused it.'
}

/** `wait` is how long there is still to wait, in milliseconds. */
export function explain(
  problem: ApiError,
  wait = problem.retryAfter,
): { what: string; next: string } {
  const { status, code } = problem
  if (code === 'foreign') {
    return {
      what: 'Something between this device and the server answered in its place.',
      next: 'Everything stored there is safe. This page keeps trying; a network that wants you to sign in first may be the reason.',
    }
  }
  if (problem.unanswered) {
    return {
      what: 'The server cannot be reached.',
      next: 'Everything stored there is safe. This page keeps trying; you can also try now.',
    }
  }
  if (status === 429) {
    return {
      what: `This page has asked the server too often in a short time. It may ask again ${waitWords(wait)}.`,
      next: `Nothing is lost. It will be tried again ${waitWords(wait)}.`,
    }
  }
  if (code === 'maintenance') {
    return {
      what: 'The server is under maintenance.',
      next: `You can read everything; changes are taken again when it is done. It will be tried again ${waitWords(wait)}.`,
    }
  }
  if (status === 503) {
    return {
      what: 'The server is busy or under maintenance.',
      next: `Nothing is lost. It will be tried again ${waitWords(wait)}.`,
    }
  }
  if (status === 507) {
    return {
      what: 'The server has no room left to store anything.',
      next: 'Everything stored is safe. The person who runs this server has to make room first.',
    }
  }
  if (status >= 500) {
    return {
      what: 'The server made a mistake.',
      next: 'Everything stored is safe. Try again; if it happens again, give the request number to the person who runs this server.',
    }
  }
  return { what: whatHappened(problem), next: 'Nothing was changed.' }
}

const FIELDS: Record<string, string> = {
  value: 'The amount',
  at: 'The time',
  note: 'The note',
  tags: 'The list of tags',
}

/** A message of the server continues the name of its field; one of this page is a sentence. */
function fieldReason(field: string, message: string): string {
  const name = FIELDS[field] ?? 'Something in it'
  return /^\p{Lu}/u.test(message) ? `${name}: ${message}` : `${name} ${message}.`
}

/** Why the server did not accept an entry. */
export function reasonOf(problem: ApiError): string {
  const fields = Object.entries(problem.fields)
  if (fields.length > 0) {
    return fields.map(([field, message]) => fieldReason(field, message)).join(' ')
  }
  if (problem.code === 'id_conflict') {
    return 'It was saved before, and has been changed or deleted since.'
  }
  if (problem.code === 'read_only_role') return 'Your account can watch, not log.'
  return explain(problem).what
}

/** Why a change was refused and whether it was made: without an answer, the server may have made it all the same. */
export function refusalWords(problem: ApiError, done: 'changed' | 'deleted' = 'changed'): string {
  const became = problem.unanswered
    ? `It may have been ${done} all the same.`
    : `Nothing was ${done}.`
  return `${explain(problem).what} ${became}`
}

/** Why nobody was signed in. Nothing tries again by itself here, so the words say how long the server asks to wait. */
export function explainSignIn(problem: ApiError): string {
  if (problem.code === 'invalid_credentials') {
    return 'Username and password do not match. Check both and try again.'
  }
  if (problem.code === 'continuation_over') {
    return 'That took too long. Enter your password again, and then the code.'
  }
  if (problem.code === 'locked') return `Too many sign-ins failed. ${problem.message}`
  if (problem.code === 'rate_limited') return `That was too often. ${problem.message}`
  if (problem.code === 'penalised') return `That was too often for too long. ${problem.message}`
  if (problem.code === 'maintenance') {
    return 'The server is under maintenance, and until that is over only its admins can sign in. Try again later.'
  }
  const { what } = explain(problem)
  return problem.passing ? `${what} Try again in a moment.` : what
}
