// One connection to a stream of server-sent events, from its opening to its end. EventSource is not used: it
// hides why it failed, sends its last id only to reconnect by itself, and cannot be told that silence is an end.
import { createParser } from 'eventsource-parser'
import { addActingAs } from './acting'
import { failed } from './client'
import { clock, SERVER_TIME } from './clock.svelte'
import { ApiError } from './error'
import { pause } from './pause'
import { mayTakeMore } from './transport'

export interface StreamEvent {
  /** The event's id: a client that comes back asks for all events after it. */
  id: string | undefined
  type: string
  data: unknown
}

export interface Ears {
  /** Called when anything arrives, even a heartbeat. */
  heard: () => void
  event: (event: StreamEvent) => void
  /** Called when the server has told its time, which the clock has taken in. */
  said?: (time: string) => void
}

export type Follow = (
  path: string,
  lastId: string | undefined,
  signal: AbortSignal,
  ears: Ears,
) => Promise<void>

/** The server sends something at once. If nothing comes, something in between is holding it back. */
const FIRST_MS = 10_000
/** The server sends a heartbeat every 15 seconds. */
const SILENCE_MS = 40_000

/** Returns when the stream ended; throws an ApiError when it was refused, broke or fell silent. */
export const follow: Follow = async (path, lastId, signal, ears) => {
  const passed = await pause.pass('GET', path)
  let free = false
  const silence = new AbortController()
  const hush = () => {
    silence.abort()
  }
  let timer = setTimeout(hush, FIRST_MS)
  try {
    const headers = new Headers({ accept: 'text/event-stream' })
    if (lastId !== undefined) headers.set('last-event-id', lastId)
    addActingAs(headers)
    const stop = AbortSignal.any([signal, silence.signal])
    const response = await fetch(path, { headers, signal: stop, cache: 'no-store' }).catch(broken)
    clock.learn(response.headers.get(SERVER_TIME))
    free = mayTakeMore(response)
    passed(free)
    if (!response.ok) throw failed(response, await response.json().catch(() => undefined))
    const type = response.headers.get('content-type')
    if (!type?.startsWith('text/event-stream') || !response.body) {
      silence.abort()
      return broken('Something answered that is no stream of events.')
    }
    const parser = createParser({
      onEvent: ({ id, event = 'message', data }) => {
        ears.event({ id, type: event, data: JSON.parse(data) as unknown })
      },
      // The server tells its time with each event and each heartbeat.
      onComment: (comment) => {
        const time = timeIn(comment)
        if (time === undefined) return
        clock.learn(time)
        ears.said?.(time)
      },
    })
    const reader = response.body.pipeThrough(new TextDecoderStream()).getReader()
    for (;;) {
      const { done, value } = await reader.read().catch(broken)
      if (done) return
      clearTimeout(timer)
      timer = setTimeout(hush, SILENCE_MS)
      ears.heard()
      parser.feed(value)
    }
  } finally {
    clearTimeout(timer)
    passed(free)
  }
}

/** Milliseconds since 1970, as an instant; undefined for any other comment. */
function timeIn(comment: string): string | undefined {
  const time = new Date(Number(comment))
  return time.getTime() > 0 ? time.toISOString() : undefined
}

function broken(cause: unknown): never {
  throw new ApiError(0, { detail: String(cause) })
}
