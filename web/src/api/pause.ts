// Keeps to the server's pauses: until one is over no request of this browser that counts in the same budget goes out, from
// whichever tab, and then one goes first. A penalty, and a server that is busy, hold back all of them. A refusal meanwhile says
// when; retries of the page itself happen then.
import { keeping } from './keeping.svelte'
import { acting } from './acting'
import { type Budget, budgetOf, letsIn } from './budgets'
import { ApiError } from './error'
import { waitWords } from './wait-words'

interface Kept {
  /** By this device's clock. */
  since: number
  until: number
  status: number
  code: string
  /** One request is finding out whether it is over. */
  trying?: boolean
}

/** How long the one that goes first is waited for. */
const TRIED_MS = 5_000
const LOOK_MS = 200
/** A longer penalty may have been lifted meanwhile. */
const LONGEST_MS = 900_000
/** Each ends with the server at work again; what only cannot be written may still be read. */
const BUSY = new Set(['busy', 'unavailable'])

type Scope = Budget | 'all'

class Pause {
  /** Where nothing can be kept: of this tab alone. */
  #own = new Map<string, Kept>()

  /** The server has refused something, and said for how long; `tier` is what it was counted in, if it was. */
  begin({ status, code, retryAfter }: ApiError, tier: string | null): void {
    const limited = status === 429 && code !== 'too_many_streams'
    if (retryAfter === 0 || !(limited || BUSY.has(code))) return
    const since = Date.now()
    const until = since + Math.min(retryAfter, LONGEST_MS)
    const scope = code === 'rate_limited' && tier !== null ? (tier as Budget) : 'all'
    this.#keep(scope, { since, until, status, code })
  }

  /**
   * Lets a request go, or throws an ApiError that says when it may. What it gives is called with whether the server could
   * take more.
   */
  async pass(method: string, path: string): Promise<(free: boolean) => void> {
    const budget = budgetOf(method, path)
    const passed: ((free: boolean) => void)[] = []
    const end = (free: boolean) => {
      for (const done of passed) done(free)
    }
    try {
      if (!letsIn(budget)) passed.push(await this.#pass('all'))
      passed.push(await this.#pass(budget))
      return end
    } catch (held) {
      end(false)
      throw held
    }
  }

  /** A person wants to try: a server that was busy is asked; who asks too often waits all the same. */
  lift(): void {
    const kept = this.#kept('all')
    if (kept && kept.status !== 429) this.#forget('all')
  }

  async #pass(scope: Scope): Promise<(free: boolean) => void> {
    for (;;) {
      const kept = this.#kept(scope)
      if (!kept) return () => undefined
      const left = kept.until - Date.now()
      if (left > 0 && !kept.trying) throw refused(kept, left)
      if (left <= 0) {
        this.#keep(scope, {
          ...kept,
          since: Date.now(),
          until: Date.now() + TRIED_MS,
          trying: true,
        })
        return (free) => {
          this.#tried(scope, free)
        }
      }
      await new Promise((done) => setTimeout(done, LOOK_MS))
    }
  }

  #tried(scope: Scope, free: boolean): void {
    const kept = this.#kept(scope)
    if (!kept?.trying) return
    if (free) this.#forget(scope)
    else this.#keep(scope, { ...kept, until: Date.now(), trying: false })
  }

  #kept(scope: Scope): Kept | undefined {
    const key = keyOf(scope)
    const kept = stored(key) ?? this.#own.get(key)
    // A device whose clock was set back does not wait for that.
    return kept && kept.since <= Date.now() ? kept : undefined
  }

  #keep(scope: Scope, kept: Kept): void {
    const key = keyOf(scope)
    if (keeping.put(key, JSON.stringify(kept))) this.#own.delete(key)
    else this.#own.set(key, kept)
  }

  #forget(scope: Scope): void {
    const key = keyOf(scope)
    this.#own.delete(key)
    try {
      keeping.shelf.removeItem(key)
    } catch {
      // Nothing was kept there.
    }
  }
}

/** The server counts by who asks. */
function keyOf(scope: Scope): string {
  return `pause:${scope}:${acting.as ?? ''}`
}

function stored(key: string): Kept | undefined {
  try {
    const text = keeping.shelf.getItem(key)
    return text === null ? undefined : (JSON.parse(text) as Kept)
  } catch {
    return undefined
  }
}

function refused({ status, code }: Kept, left: number): ApiError {
  return new ApiError(status, { code, detail: `Try again ${waitWords(left)}.` }, left)
}

export const pause = new Pause()
