// The way of every request out and back: the account it is made for, when it may go, how long it may take, and whether
// the answer is our server's. Anything else (a proxy's page, a portal's welcome, an empty answer) counts as no answer.
import { addActingAs } from './acting'
import { clock, SERVER_TIME } from './clock.svelte'
import { ApiError } from './error'
import { knownAnswer } from './known'
import { pause } from './pause'
import { reach } from './reach.svelte'
import type { components } from './schema'

type Problem = components['schemas']['Problem']

/** How long to wait for an answer. The server gives up on a request after 30 seconds. */
const TIMEOUT_MS = 35_000
/** How long a foreign answer holds back further requests, since its source usually goes on for a while. */
const FOREIGN_MS = 3_000
/** Refusals after which the page gives up what it asked about: only the server's own count. */
const MEANS_GONE = new Set([404, 410])
/** The longest pause that is taken from a `Retry-After`. */
const LONGEST_MS = 24 * 3_600_000

/** Sends a request and returns the server's answer, be it a success or a refusal. */
export async function send(request: Request): Promise<Response> {
  const passed = await pause.pass(request.method, new URL(request.url).pathname)
  const done = reach.sent()
  addActingAs(request.headers)
  const known = knownAnswer(request)
  let free = false
  try {
    const signal = AbortSignal.any([request.signal, AbortSignal.timeout(TIMEOUT_MS)])
    const response = await fetch(request, { signal, cache: 'no-store' }).catch(notReached)
    const unchanged = response.status === 304 && response.headers.has(SERVER_TIME)
    if (!unchanged && !isOurs(response)) throw foreign(response)
    free = mayTakeMore(response)
    clock.learn(response.headers.get(SERVER_TIME))
    const answered = await known.or(response).catch(notReached)
    done('answered')
    return answered
  } catch (problem) {
    done('lost')
    throw problem
  } finally {
    passed(free)
  }
}

/** Whether the next request need not wait for this one. */
export function mayTakeMore({ status, headers }: Response): boolean {
  return status !== 429 && status !== 503 && headers.get('x-ratelimit-remaining') !== '0'
}

/** Judges by status and headers alone; the body of a problem is read later. */
function isOurs({ headers, status, ok, redirected, type }: Response): boolean {
  if (redirected || type === 'opaque' || type === 'opaqueredirect') return false
  if (!ok) return isType(headers, 'application/problem+json')
  return headers.has(SERVER_TIME) && (status === 204 || isType(headers, 'application/json'))
}

/** Makes an ApiError of a refused request. `body` is the text of the answer. */
export function refusal(response: Response, body: unknown): ApiError {
  const { status, headers } = response
  const said = isType(headers, 'application/problem+json') && isProblem(body, status)
  // A gateway has problem documents too, and its 404 must not end a wish.
  const unsigned = MEANS_GONE.has(status) && !headers.has(SERVER_TIME)
  if (!said || unsigned) return foreign(response)
  const refused = new ApiError(status, body, retryAfter(headers))
  pause.begin(refused, headers.get('x-ratelimit-tier'))
  return refused
}

function isProblem(body: unknown, status: number): body is Problem {
  const { code, request_id, status: said } = (body ?? {}) as Partial<Record<string, unknown>>
  return typeof code === 'string' && typeof request_id === 'string' && said === status
}

/** The error when something else answered in the server's place: nobody knows whether the server got the request. */
export function foreign(response?: Response): ApiError {
  const detail = 'Something between this page and the server answered in its place.'
  const wait = response ? retryAfter(response.headers) : 0
  return new ApiError(0, { code: 'foreign', detail }, Math.max(wait, FOREIGN_MS))
}

export function unreachable(cause: unknown): ApiError {
  return cause instanceof ApiError ? cause : new ApiError(0, { detail: String(cause) })
}

function notReached(cause: unknown): never {
  throw unreachable(cause)
}

function isType(headers: Headers, type: string): boolean {
  const [said = ''] = (headers.get('content-type') ?? '').split(';')
  return said.trim().toLowerCase() === type
}

function retryAfter(headers: Headers): number {
  const wait = Number(headers.get('retry-after')) * 1000
  return Number.isFinite(wait) ? Math.min(Math.max(wait, 0), LONGEST_MS) : 0
}
