// Tells whether the server answers, as far as the page's own requests show. A stream may seem to be well for half a
// minute after the server has stopped answering.

/** An answer that takes longer is late. */
const LATE_MS = 2_000

class Reach {
  #late = $state(0)
  #lost = $state(false)
  #waiting = $state.raw<ReadonlySet<unknown>>(new Set())

  /**
   * Whether a request has waited for seconds or got no answer, or something reports that it cannot reach the server.
   */
  get silent(): boolean {
    return this.#late > 0 || this.#lost || this.#waiting.size > 0
  }

  /** Notes that a request is on its way; the returned function is called with how it ended. */
  sent(): (how: 'answered' | 'lost') => void {
    let late = false
    const timer = setTimeout(() => {
      late = true
      this.#late += 1
    }, LATE_MS)
    return (how) => {
      clearTimeout(timer)
      if (late) this.#late -= 1
      this.#lost = how === 'lost'
    }
  }

  /** Notes that the server was heard in some other way. */
  heard(): void {
    this.#lost = false
  }

  /** Notes whether `who` cannot reach the server. */
  shows(who: unknown, silent: boolean): void {
    if (this.#waiting.has(who) === silent) return
    const waiting = new Set(this.#waiting)
    if (silent) waiting.add(who)
    else waiting.delete(who)
    this.#waiting = waiting
  }
}

export const reach = new Reach()
