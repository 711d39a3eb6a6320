// Respects the pauses that the server asks for. Until a pause is over, no tab of this browser sends a request that
// counts in the same budget; then one request goes first. A penalty, or a busy server, holds back all budgets. A
// refusal meanwhile says when the pause ends, and the page's own retries happen then.
import { keeping } from './keeping.svelte'
import { acting } from './acting'
import { type Budget, budgetOf, letsIn } from './budgets'
import { ApiError } from './error'
import { waitWords } from './wait-words'

interface Kept {
  /** The beginning by this device's clock. */
  since: number
  until: number
  status: number
  code: string
  /** Whether one request is finding out if the pause is over. */
  trying?: boolean
}

/** How long the others wait for the request that goes first. */
const TRIED_MS = 5_000
const LOOK_MS = 200
/** The longest pause that is believed, since a longer penalty may have been lifted meanwhile. */
const LONGEST_MS = 900_000
/**
 * Refusals that end once the server is at work again. A server that merely cannot write is not among them: it can be
 * read.
 */
const BUSY = new Set(['busy', 'unavailable'])

type Scope = Budget | 'all'

class Pause {
  /** The pauses of this tab alone, where nothing can be stored. */
  #own = new Map<string, Kept>()

  /** Begins the pause that a refusal asks for; `tier` is the tier in which the request was counted, if it was. */
  begin({ status, code, retryAfter }: ApiError, tier: string | null): void {
    const limited = status === 429 && code !== 'too_many_streams'
    if (retryAfter === 0 || !(limited || BUSY.has(code))) return
    const since = Date.now()
    const until = since + Math.min(retryAfter, LONGEST_MS)
    const scope = code === 'rate_limited' && tier !== null ? (tier as Budget) : 'all'
    this.#keep(scope, { since, until, status, code })
  }

  /**
   * Lets a request go, or throws an ApiError that says when it may. The returned function is called with whether the
   * server could take more.
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

  /** Lifts the pause of a busy server because a person wants to try; a rate limit stays. */
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
    // A pause from the future is void: the device's clock was set back.
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
      // Nothing was stored there.
    }
  }
}

/** The key of a budget, which the server counts for each person. */
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
