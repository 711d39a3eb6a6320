// Every way a request can fail, as one type. It knows nothing of the network, so it can be made in tests.
import { fieldWord } from './field-words'
import type { components } from './schema'

type Schemas = components['schemas']
/** The server's account of what went wrong. A newer server may have codes that this page does not know. */
type Problem = Omit<Schemas['Problem'], 'code'> & { code: string }
/** Every code of the server that this page was built for. */
export type Code = Schemas['Problem']['code']

const ABOUT_WHAT_WAS_TYPED = new Set([
  'invalid_credentials',
  'totp_required',
  'invalid_totp',
  'continuation_over',
])

export class ApiError extends Error {
  override name = 'ApiError'
  /** The HTTP status; 0 when nobody answered. */
  readonly status: number
  readonly code: string
  readonly requestId: string | undefined
  /** Says for each field that was sent, by its name, what is wrong with it, in words for people. */
  readonly fields: Readonly<Record<string, string>>
  /** How long the server asks us to wait, in milliseconds. */
  readonly retryAfter: number
  /** Stands for the password in the second step of a sign-in. */
  readonly continuation: string | undefined

  constructor(status: number, problem: Partial<Problem>, retryAfter = 0) {
    super(problem.detail ?? problem.title ?? 'Something went wrong.')
    this.status = status
    this.code = problem.code ?? (status === 0 ? 'unreachable' : 'unknown')
    this.requestId = problem.request_id
    const errors = problem.errors ?? []
    this.fields = Object.fromEntries(errors.map((error) => [error.field, fieldWord(error)]))
    this.retryAfter = retryAfter
    this.continuation = problem.continuation
  }

  /** Whether the server no longer knows who is asking, as opposed to refusing what was typed. */
  get signedOut(): boolean {
    return this.status === 401 && !ABOUT_WHAT_WAS_TYPED.has(this.code)
  }

  /** Whether the same request may succeed later without any change by the person. */
  get passing(): boolean {
    return this.status === 0 || this.status === 408 || this.status === 429 || this.status >= 500
  }

  /** Whether nobody knows what became of the request, because the server did not answer. */
  get unanswered(): boolean {
    return this.status === 0 || this.status === 502 || this.status === 504
  }

  /** Whether the request is for somebody other than the person who is signed in now, and so waits for its owner. */
  get elsewhere(): boolean {
    return (
      this.signedOut || this.code === 'other_account' || this.code === 'password_change_required'
    )
  }
}
