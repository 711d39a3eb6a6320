// One stream serves all tabs of a browser that follow the same, since a browser opens only six connections to a server
// over HTTP/1.1. The tab that holds the lock opens it and passes on what comes; the others listen, and the next of them
// takes over when that tab closes, is hidden or falls silent. Each tab knows the last event it got, so that none is
// missed and none comes twice.
import { acting } from './acting'
import { tell } from './client'
import { clock } from './clock.svelte'
import { ApiError } from './error'
import { type Ears, follow, type Follow, type StreamEvent } from './events'

type Message =
  /** A tab joins that received this event last. */
  | { kind: 'ask'; from: string; lastId: string | undefined }
  /** Brings the events that a tab missed; from now on it receives the rest. */
  | { kind: 'welcome'; from: string; to: string; missed: StreamEvent[] }
  /** Another tab opens the stream from now on. */
  | { kind: 'lead'; from: string }
  | Told

/** The messages of the tab that leads. */
type Told = { from: string } & (
  | { kind: 'heard' }
  | { kind: 'said'; time: string }
  | { kind: 'event'; event: StreamEvent }
  | { kind: 'over'; problem: { status: number; code: string; retryAfter: number } | undefined }
)

/** The events of a stream that this tab remembers, for tabs that come later. */
interface Memory {
  events: StreamEvent[]
  /** The last full state that was sent: of a person, or of the list. */
  state?: StreamEvent
}

/** How many streams of one browser are open at once; a tab that follows something else polls. */
const STREAMS = 3
const REMEMBERED = 200
/** The leading tab gives up a silent stream before this. */
const SILENCE_MS = 45_000
const FIRST_MS = 15_000
/** Tabs that notice the same silence take the lead one after the other, so that the second hears of the first. */
const APART_MS = 3_000

const memories = new Map<string, Memory>()

/** Forgets every event when the person goes who received it. */
export function forgetStreams(): void {
  memories.clear()
}

export const followShared: Follow = (path, lastId, signal, ears) => {
  const alone = !('locks' in navigator) || !('BroadcastChannel' in globalThis)
  if (alone) return follow(path, lastId, signal, ears)
  return new Member(path, lastId, signal, ears).run()
}

class Member {
  #path: string
  #lastId: string | undefined
  #signal: AbortSignal
  #ears: Ears
  #name: string
  #id = crypto.randomUUID()
  #channel: BroadcastChannel
  #memory: Memory
  /**
   * Set while this tab leads: whether something came already, which tabs wait for that, and when the stream was last
   * heard.
   */
  #leads:
    { open: boolean; asking: Extract<Message, { kind: 'ask' }>[]; heardAt: number } | undefined
  #end: (problem?: Error) => void = () => undefined
  #welcome = false
  /** The tab that this one listens to. An earlier leader that was frozen meanwhile may still send something. */
  #leader: string | undefined
  #over = new AbortController()
  #silence: ReturnType<typeof setTimeout> | undefined

  constructor(path: string, lastId: string | undefined, signal: AbortSignal, ears: Ears) {
    this.#path = path
    this.#lastId = lastId
    this.#signal = signal
    this.#ears = ears
    // Tabs of different people never share.
    this.#name = `stream:${acting.as ?? ''}:${path}`
    this.#channel = new BroadcastChannel(this.#name)
    this.#memory = memories.get(this.#name) ?? { events: [] }
    memories.set(this.#name, this.#memory)
  }

  async run(): Promise<void> {
    try {
      await new Promise<void>((done, fail) => {
        this.#end = (problem) => {
          this.#over.abort()
          if (problem === undefined) done()
          else fail(problem)
        }
        this.#signal.addEventListener('abort', () => {
          this.#end()
        })
        this.#channel.onmessage = ({ data }: MessageEvent<Message>) => {
          this.#hear(data)
        }
        this.#ask()
        this.#watch(FIRST_MS)
        this.#queue(false)
      })
    } finally {
      clearTimeout(this.#silence)
      this.#channel.close()
    }
  }

  /** Leads once no other tab does, or at once by taking the lead from a silent tab. */
  #queue(steal: boolean): void {
    const how = steal ? { steal } : { signal: this.#over.signal }
    navigator.locks
      .request(this.#name, how, () => this.#granted())
      .then(
        () => {
          this.#end()
        },
        (cause: unknown) => {
          // Another tab has taken the lock.
          const own = cause instanceof Error && !(cause instanceof DOMException)
          this.#end(own ? cause : new ApiError(0, {}))
        },
      )
  }

  async #granted(): Promise<void> {
    // A tab that holds the lock must not take it from itself because nothing has been heard yet.
    clearTimeout(this.#silence)
    // The earlier leader may have said why it ended; that is heard first.
    await navigator.locks.query()
    if (!this.#over.signal.aborted) await this.#lead()
  }

  async #lead(): Promise<void> {
    clearTimeout(this.#silence)
    this.#leads = { open: false, asking: [], heardAt: Date.now() }
    const from = this.#id
    this.#send({ kind: 'lead', from })
    const stop = AbortSignal.any([this.#signal, this.#over.signal])
    try {
      await withSlot(() =>
        follow(this.#path, this.#lastId, stop, {
          heard: () => {
            if (this.#isLate()) return
            this.#opened()
            this.#send({ kind: 'heard', from })
            this.#ears.heard()
          },
          said: (time) => {
            if (stop.aborted) return
            this.#send({ kind: 'said', from, time })
          },
          event: (event) => {
            if (stop.aborted) return
            this.#send({ kind: 'event', from, event })
            this.#take(event)
          },
        }),
      )
      if (!stop.aborted) this.#send({ kind: 'over', from, problem: undefined })
    } catch (problem) {
      if (!stop.aborted && problem instanceof ApiError) {
        const { status, code, retryAfter } = problem
        this.#send({ kind: 'over', from, problem: { status, code, retryAfter } })
      }
      throw problem
    }
  }

  /**
   * Whether this tab led and was frozen for so long that another may lead by now. It then stops leading and begins
   * again as a listener.
   */
  #isLate(): boolean {
    const late = this.#leads !== undefined && Date.now() - this.#leads.heardAt > SILENCE_MS
    if (late) this.#end(new ApiError(0, {}))
    return late || this.#over.signal.aborted
  }

  #opened(): void {
    if (!this.#leads) return
    this.#leads.heardAt = Date.now()
    if (this.#leads.open) return
    this.#leads.open = true
    for (const ask of this.#leads.asking) this.#answer(ask)
  }

  #hear(message: Message): void {
    if (this.#isLate()) return
    if (this.#leads) {
      if (message.kind === 'ask' && this.#leads.open) this.#answer(message)
      else if (message.kind === 'ask') this.#leads.asking.push(message)
      // Another tab took the lock, and this one goes on as a listener.
      else if (message.kind === 'lead') this.#end(new ApiError(0, {}))
      return
    }
    if (message.kind === 'ask') return
    if (message.kind === 'lead') {
      this.#leader = message.from
      this.#welcome = false
      this.#watch(FIRST_MS)
      this.#ask()
    } else if (message.kind !== 'welcome') {
      this.#listen(message)
    } else if (message.to === this.#id && !this.#welcome) {
      this.#leader = message.from
      this.#welcome = true
      this.#watch(SILENCE_MS)
      this.#ears.heard()
      for (const event of message.missed) this.#take(event)
    }
  }

  #listen(told: Told): void {
    if (told.from !== (this.#leader ?? told.from)) return
    if (told.kind === 'over') {
      const { problem } = told
      const failure = problem && new ApiError(problem.status, problem, problem.retryAfter)
      if (failure) tell(failure)
      this.#end(failure)
    }
    if (!this.#welcome) return
    if (told.kind === 'heard') {
      this.#watch(SILENCE_MS)
      this.#ears.heard()
    }
    if (told.kind === 'said') clock.learn(told.time)
    if (told.kind === 'event') this.#take(told.event)
  }

  #take(event: StreamEvent): void {
    const { events } = this.#memory
    events.push(event)
    if (events.length > REMEMBERED) events.shift()
    if (event.type === 'status' || event.type === 'people') this.#memory.state = event
    this.#lastId = event.id ?? this.#lastId
    this.#ears.event(event)
  }

  #answer({ from, lastId }: Extract<Message, { kind: 'ask' }>): void {
    this.#send({ kind: 'welcome', from: this.#id, to: from, missed: this.#missed(lastId) })
  }

  /** The events after `lastId`, or the full state where that id is not known. */
  #missed(lastId: string | undefined): StreamEvent[] {
    const { events, state } = this.#memory
    const now = state ? [{ ...state, id: this.#lastId }] : []
    if (lastId === undefined && state) return now
    if (lastId === this.#lastId) return []
    const place = events.findLastIndex(({ id }) => id === lastId)
    if (lastId !== undefined && place >= 0) return events.slice(place + 1)
    return [{ id: this.#lastId, type: 'reset', data: {} }, ...now]
  }

  /** Takes the lead when nothing is heard for this long. */
  #watch(ms: number): void {
    clearTimeout(this.#silence)
    this.#silence = setTimeout(
      () => {
        if (!this.#leads) this.#queue(true)
      },
      ms + Math.random() * APART_MS,
    )
  }

  #ask(): void {
    this.#send({ kind: 'ask', from: this.#id, lastId: this.#lastId })
  }

  #send(message: Message): void {
    this.#channel.postMessage(message)
  }
}

/** Runs something that holds a connection, unless enough connections are open already. */
async function withSlot(run: () => Promise<void>): Promise<void> {
  for (let slot = 0; slot < STREAMS; slot += 1) {
    const held = await navigator.locks.request(
      `stream-slot:${slot}`,
      { ifAvailable: true },
      async (lock) => {
        if (lock) await run()
        return lock !== null
      },
    )
    if (held) return
  }
  throw new ApiError(429, { code: 'too_many_streams' })
}
