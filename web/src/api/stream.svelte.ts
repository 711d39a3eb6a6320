// A stream of events that stays open: it is opened again after it broke, with growing pauses and the id of the last
// event, so that nothing is missed; closed while nobody looks; and replaced by polling where something between here and
// the server lets no stream through.
import { backoff } from './backoff'
import { ApiError } from './error'
import type { Follow, StreamEvent } from './events'
import { reach } from './reach.svelte'
import { followShared } from './shared'

/** `lost`: nothing arrives, and the stream is being opened again. */
export type Health = 'connecting' | 'live' | 'polling' | 'lost'

export interface Source {
  path: string
  event: (event: StreamEvent) => void
  /** Asks the server by an ordinary request. Returns whether it answered. */
  poll: () => Promise<boolean>
  /** Called with the reason why the stream was refused. Returns whether there is no point in trying again. */
  refused: (problem: ApiError) => boolean
}

/**
 * How soon a hidden page closes its stream, so that only people who look are said to watch, and hidden tabs take up no
 * connection.
 */
const HIDDEN_MS = 15_000
const POLL_MS = 30_000
/** How rarely a stream that does not get through is tried while polling works. */
const PROBE_MS = 60_000
/** A heartbeat is overdue after this: the device has slept. */
const SLEPT_MS = 20_000
/** A stream that ends sooner than this has failed. */
const WORTH_MS = 10_000

export class Stream {
  health = $state<Health>('connecting')
  /** When the server last said anything, by this device's clock; 0 for never. */
  heardAt = $state(0)
  #source: Source
  #follow: Follow
  #lastId: string | undefined
  #open: AbortController | undefined
  #failures = 0
  /** How many streams in a row brought not a single byte. */
  #silent = 0
  #closed = false
  #retry: ReturnType<typeof setTimeout> | undefined
  #pause: ReturnType<typeof setTimeout> | undefined
  #poll: ReturnType<typeof setTimeout> | undefined

  constructor(source: Source, how: Follow = followShared) {
    this.#source = source
    this.#follow = how
  }

  /** Follows the stream. Returns the function that ends this. */
  start(): () => void {
    const turn = () => {
      this.#turn()
    }
    // The network changed, or the page comes out of the browser's cache: an open connection is dead, noticed or not.
    const again = () => {
      if (this.#closed) return
      this.#failures = 0
      void this.#connect()
    }
    const shown = ({ persisted }: PageTransitionEvent) => {
      if (persisted) again()
    }
    document.addEventListener('visibilitychange', turn)
    addEventListener('online', again)
    addEventListener('offline', again)
    addEventListener('pageshow', shown)
    void this.#connect()
    turn()
    return () => {
      document.removeEventListener('visibilitychange', turn)
      removeEventListener('online', again)
      removeEventListener('offline', again)
      removeEventListener('pageshow', shown)
      this.stop()
    }
  }

  stop(): void {
    this.#closed = true
    this.#open?.abort()
    for (const timer of [this.#retry, this.#pause, this.#poll]) clearTimeout(timer)
    this.#poll = undefined
  }

  /** Called when the page is hidden or seen again. */
  #turn(): void {
    clearTimeout(this.#pause)
    if (document.hidden) {
      this.#pause = setTimeout(() => {
        this.stop()
        this.health = 'lost'
      }, HIDDEN_MS)
      return
    }
    const slept = this.health === 'live' && Date.now() - this.heardAt > SLEPT_MS
    if (!this.#closed && !slept) return
    this.#closed = false
    this.#failures = 0
    void this.#connect()
    if (this.#silent > 1) void this.#ask()
  }

  async #connect(): Promise<void> {
    clearTimeout(this.#retry)
    this.#open?.abort()
    const open = new AbortController()
    this.#open = open
    let opened = 0
    const ears = {
      heard: () => {
        if (opened === 0) this.#opened()
        opened ||= Date.now()
        this.heardAt = Date.now()
        reach.heard()
      },
      event: (event: StreamEvent) => {
        this.#lastId = event.id ?? this.#lastId
        this.#source.event(event)
      },
    }
    const problem = await this.#follow(this.#source.path, this.#lastId, open.signal, ears).then(
      () => undefined,
      (cause: unknown) => {
        if (cause instanceof ApiError) return cause
        // A listener failed. The error is reported, and the page goes on.
        reportError(cause)
        return undefined
      },
    )
    // Stopped, or another connection has taken its place.
    if (open.signal.aborted) return
    if (opened > 0 && Date.now() - opened >= WORTH_MS) this.#failures = 0
    if (opened === 0) this.#silent += 1
    if (problem && this.#source.refused(problem)) {
      this.stop()
      return
    }
    if (this.health !== 'polling') this.health = 'lost'
    if (this.#silent > 1 || problem?.status === 429) void this.#ask()
    const pause = this.health === 'polling' ? PROBE_MS : backoff(this.#failures++, Math.random())
    const wait = Math.max(pause, problem?.retryAfter ?? 0)
    this.#retry = setTimeout(() => void this.#connect(), wait)
  }

  #opened(): void {
    this.#silent = 0
    this.health = 'live'
    clearTimeout(this.#poll)
    this.#poll = undefined
  }

  /** Polls, now and from now on, until a stream gets through. */
  async #ask(): Promise<void> {
    if (this.#poll !== undefined) return
    const next = setTimeout(() => {
      this.#poll = undefined
      void this.#ask()
    }, POLL_MS)
    this.#poll = next
    const answered = await this.#source.poll()
    // A stream got through meanwhile, or nobody looks any more.
    if (this.#poll !== next) return
    this.health = answered ? 'polling' : 'lost'
    if (answered) this.heardAt = Date.now()
  }
}
