// @vitest-environment jsdom
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { clock } from './clock.svelte'
import { follow } from './events'

let asked: Headers[]
let heard: number
let events: unknown[]
const ears = {
  heard: () => (heard += 1),
  event: (event: unknown) => events.push(event),
}
const encoder = new TextEncoder()

/** A server that answers with `body`, or with parts that the test sends by the function it gets. */
function serve(body: string | undefined, init: ResponseInit & { type?: string } = {}) {
  let send: (text: string) => unknown = () => undefined
  const stream = new ReadableStream<Uint8Array>({
    start(controller) {
      send = (text) => {
        controller.enqueue(encoder.encode(text))
      }
      if (body === undefined) return
      send(body)
      controller.close()
    },
  })
  vi.stubGlobal('fetch', (_: string, { headers, signal }: RequestInit) => {
    asked.push(new Headers(headers))
    const answer = new Response(
      stream.pipeThrough(new TransformStream(), { signal: signal ?? new AbortController().signal }),
      { ...init, headers: { 'content-type': init.type ?? 'text/event-stream' } },
    )
    return Promise.resolve(answer)
  })
  return (text: string) => send(text)
}

beforeEach(() => {
  vi.useFakeTimers()
  asked = []
  heard = 0
  events = []
})
afterEach(() => {
  vi.useRealTimers()
  vi.unstubAllGlobals()
})

const none = () => new AbortController().signal

test('events and heartbeats', async () => {
  serve(
    ':\n\nid: a\nevent: status\ndata: {"day":\ndata: "2026-11-24"}\n\nevent: reset\ndata: {}\n\n',
  )
  await follow('/events', 'z', none(), ears)
  expect(asked[0]?.get('last-event-id')).toBe('z')
  expect(heard).toBe(1)
  expect(events).toEqual([
    { id: 'a', type: 'status', data: { day: '2026-11-24' } },
    { id: undefined, type: 'reset', data: {} },
  ])
})

test('the time that the server says with an event and with a beat is learnt, and nothing else is', async () => {
  const learnt: string[] = []
  const lists = { ...ears, said: (time: string) => learnt.push(time) }
  const at = Date.parse('2026-11-24T08:00:00.250Z')
  vi.setSystemTime(at - 3_600_000)
  serve(
    `:\n\nid: a\nevent: status\ndata: {}\n: ${at}\n\n: ${at + 15_000}\n\n: ping\n\n: 1e99\n\n: -5\n\n:0\n\n`,
  )
  await follow('/events', undefined, none(), lists)
  expect(learnt).toEqual(['2026-11-24T08:00:00.250Z', '2026-11-24T08:00:15.250Z'])
  expect(clock.exact()).toBe(at + 15_000)
  expect(events).toHaveLength(1)
})

test('an event that comes in pieces, cut within a letter', async () => {
  const bytes = encoder.encode('event: entry\ndata: {"note":"Tür"}\n\n')
  const cut = bytes.indexOf(0xc3) + 1
  vi.stubGlobal('fetch', () =>
    Promise.resolve(
      new Response(
        new ReadableStream({
          start(controller) {
            controller.enqueue(bytes.slice(0, cut))
            controller.enqueue(bytes.slice(cut))
            controller.close()
          },
        }),
        { headers: { 'content-type': 'text/event-stream; charset=utf-8' } },
      ),
    ),
  )
  await follow('/events', undefined, none(), ears)
  expect(events).toEqual([{ id: undefined, type: 'entry', data: { note: 'Tür' } }])
})

test('a refusal says why and when to come back', async () => {
  serve('{"status":429,"code":"too_many_streams","detail":"Enough.","request_id":"f00"}', {
    status: 429,
    type: 'application/problem+json',
  })
  await expect(follow('/events', undefined, none(), ears)).rejects.toMatchObject({
    status: 429,
    code: 'too_many_streams',
  })
})

test('an answer that is no stream is not taken for one', async () => {
  serve('<p>Welcome to this network</p>', { type: 'text/html' })
  await expect(follow('/events', undefined, none(), ears)).rejects.toMatchObject({ status: 0 })
  expect(heard).toBe(0)
})

test('a stream held back by something in between is given up after ten seconds', async () => {
  serve(undefined)
  const ended = expect(follow('/events', undefined, none(), ears)).rejects.toMatchObject({
    status: 0,
  })
  await vi.advanceTimersByTimeAsync(10_000)
  await ended
})

test('forty seconds without a heartbeat are an end', async () => {
  const send = serve(undefined)
  let over = false
  const ended = follow('/events', undefined, none(), ears).catch(() => (over = true))
  await vi.advanceTimersByTimeAsync(1_000)
  for (let beat = 0; beat < 4; beat += 1) {
    send(':\n\n')
    await vi.advanceTimersByTimeAsync(39_000)
    expect(over).toBe(false)
  }
  await vi.advanceTimersByTimeAsync(1_000)
  await ended
  expect([over, heard]).toEqual([true, 4])
})

test('nobody answers', async () => {
  vi.stubGlobal('fetch', () => Promise.reject(new TypeError('Failed to fetch')))
  await expect(follow('/events', undefined, none(), ears)).rejects.toMatchObject({ status: 0 })
})
