// A value of the server that a screen shows. It knows whether it is loading and what went wrong, and it tries again by
// itself, with growing pauses, when the failure may pass. Only the latest request may set the value: a slow old answer
// never overwrites a newer one or a local change.
import { backoff } from './backoff'
import { ApiError } from './error'
import { reach } from './reach.svelte'

export class Resource<T> {
  value = $state.raw<T>()
  problem = $state.raw<ApiError>()
  loading = $state(false)
  /** When the server last answered, by this device's clock; 0 for never. */
  heardAt = $state(0)
  #request: () => Promise<T>
  #failures = 0
  #turn = 0
  #timer: ReturnType<typeof setTimeout> | undefined

  constructor(request: () => Promise<T>) {
    this.#request = request
  }

  /** Loads the value while a screen shows it. Returns the function that ends this. */
  start(): () => void {
    void this.load()
    return () => {
      this.stop()
    }
  }

  /** Asks the server. Returns whether it answered and nothing newer overtook the answer. */
  async load(): Promise<boolean> {
    clearTimeout(this.#timer)
    const turn = ++this.#turn
    this.loading = true
    try {
      const value = await this.#request()
      if (turn !== this.#turn) return false
      this.value = value
      this.#failed(undefined)
      this.heardAt = Date.now()
      this.#failures = 0
      return true
    } catch (error) {
      if (!(error instanceof ApiError)) throw error
      if (turn !== this.#turn) return false
      this.#failed(error)
      if (error.passing) this.#retryLater(error.retryAfter)
      return false
    } finally {
      if (turn === this.#turn) this.loading = false
    }
  }

  /** Sets the value at once and ignores whatever is still on its way. */
  set(value: T | undefined): void {
    this.stop()
    this.value = value
    this.#failed(undefined)
  }

  /**
   * Applies a change that the server has told in some other way. An answer that is on its way may not know of the
   * change, so it is asked for again.
   */
  change(how: (value: T) => T): void {
    if (this.value !== undefined) this.value = how(this.value)
    if (this.loading) void this.load()
  }

  /** Ends requests and retries; the value stays. */
  stop(): void {
    clearTimeout(this.#timer)
    this.#turn++
    this.loading = false
    reach.shows(this, false)
  }

  #failed(problem: ApiError | undefined): void {
    this.problem = problem
    reach.shows(this, problem?.unanswered === true)
  }

  #retryLater(atLeast: number): void {
    const wait = Math.max(backoff(this.#failures++, Math.random()), atLeast)
    this.#timer = setTimeout(() => void this.load(), wait)
  }
}
