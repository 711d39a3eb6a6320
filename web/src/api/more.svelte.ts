// The next page of a list: one request at a time, repeated by itself where the failure may pass. While it cannot be
// loaded for want of an answer, the page says that it does not reach the server, whatever a stream does.
import { backoff } from './backoff'
import { ApiError } from './error'
import { reach } from './reach.svelte'

export class More {
  loading = $state(false)
  problem = $state.raw<ApiError>()
  #fetch: () => Promise<void>
  #failures = 0
  #stopped = false
  #timer: ReturnType<typeof setTimeout> | undefined

  constructor(fetch: () => Promise<void>) {
    this.#fetch = fetch
  }

  async load(): Promise<void> {
    if (this.loading) return
    clearTimeout(this.#timer)
    this.#stopped = false
    this.loading = true
    try {
      await this.#fetch()
      this.#failures = 0
      this.#failed(undefined)
    } catch (problem) {
      if (!(problem instanceof ApiError)) throw problem
      this.#failed(problem)
    } finally {
      this.loading = false
    }
  }

  /** Stops retrying, once nobody looks any more. */
  stop(): void {
    this.#stopped = true
    clearTimeout(this.#timer)
    reach.shows(this, false)
  }

  #failed(problem: ApiError | undefined): void {
    this.problem = problem
    if (this.#stopped) return
    reach.shows(this, problem?.unanswered === true)
    if (!problem?.passing) return
    const wait = Math.max(backoff(this.#failures++, Math.random()), problem.retryAfter)
    this.#timer = setTimeout(() => void this.load(), wait)
  }
}
