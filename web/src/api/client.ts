// The one door to the server. Types come from the generated schema; every failure, whether the server
// answered with a problem document, a proxy answered for it, or nobody answered, becomes an ApiError.
import createClient from 'openapi-fetch'
import { clock } from './clock.svelte'
import { ApiError } from './error'
import type { paths } from './schema'
import { foreign, refusal, send, unreachable } from './transport'

/** How long somebody who logs waits for the time. */
const SURE_MS = 2_000

const listeners: ((problem: ApiError) => void)[] = []

/** Calls `listener` with every failure, before the caller of the request gets it. */
export function onProblem(listener: (problem: ApiError) => void): void {
  listeners.push(listener)
}

export const api = createClient<paths>({ baseUrl: '', fetch: send })

/** Waits for a call of `api` and returns what the server answered, or throws an ApiError. */
export async function answer<T>(
  call: Promise<{ data?: T; error?: unknown; response: Response }>,
): Promise<T> {
  const result = await call.catch((cause: unknown) => {
    throw unreachable(cause)
  })
  const { response } = result
  const empty = (result.data ?? undefined) === undefined
  if (response.ok && empty && response.status !== 204) throw foreign(response)
  if (response.ok) return result.data as T
  throw failed(response, result.error)
}

/**
 * Waits for a call that removes something; it succeeds too where an earlier try, or somebody else, has removed it
 * already.
 */
export async function gone(call: Parameters<typeof answer>[0]): Promise<void> {
  try {
    await answer(call)
  } catch (error) {
    if (!(error instanceof ApiError && error.status === 404)) throw error
  }
}

/** Makes an ApiError of a refused request, and notifies the listeners first. `body` is the server's text. */
export function failed(response: Response, body: unknown): ApiError {
  const failure = refusal(response, body)
  tell(failure)
  return failure
}

/** Notifies the listeners of a failure, also of one that another tab met for this one. */
export function tell(failure: ApiError): void {
  for (const listener of listeners) listener(failure)
}

/**
 * The server's time, for what is written down. Asks the server, but not for long, where this device cannot be sure of
 * it.
 */
export async function certainTime(): Promise<number> {
  if (clock.unsure) {
    const asked = answer(api.GET('/api/v1/instance')).catch(() => undefined)
    await Promise.race([asked, new Promise((done) => setTimeout(done, SURE_MS))])
  }
  return clock.exact()
}
