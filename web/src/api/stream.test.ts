// @vitest-environment jsdom
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { ApiError } from './error'
import type { Ears, Follow } from './events'
import { Stream } from './stream.svelte'

interface Opened {
  lastId: string | undefined
  signal: AbortSignal
  ears: Ears
  end: (problem?: ApiError) => void
}

const gone = new ApiError(0, {})
let opened: Opened[]
let hidden: boolean
let polls: boolean[]
let stop: () => void
let stream: Stream
let told: string[]

const follow: Follow = (_, lastId, signal, ears) =>
  new Promise((done, fail) => {
    const end = (problem?: ApiError) => {
      if (problem) fail(problem)
      else done()
    }
    opened.push({ lastId, signal, ears, end })
  })
const last = () => opened.at(-1)!
const pass = (ms: number) => vi.advanceTimersByTimeAsync(ms)

function hide(now: boolean) {
  hidden = now
  document.dispatchEvent(new Event('visibilitychange'))
}

beforeEach(() => {
  vi.useFakeTimers()
  vi.spyOn(Math, 'random').mockReturnValue(1)
  vi.spyOn(document, 'hidden', 'get').mockImplementation(() => hidden)
  opened = []
  told = []
  hidden = false
  polls = []
  const poll = vi.fn(() => Promise.resolve(polls.shift() ?? false))
  stream = new Stream(
    {
      path: '/events',
      event: ({ type }) => told.push(type),
      poll,
      refused: ({ status }) => status === 404,
    },
    follow,
  )
  stop = stream.start()
})
afterEach(() => {
  stop()
  vi.useRealTimers()
  vi.restoreAllMocks()
})

test('the first byte makes it live, and a broken one comes back after the last event', async () => {
  expect(stream.health).toBe('connecting')
  last().ears.heard()
  last().ears.event({ id: 'a', type: 'status', data: {} })
  last().ears.event({ id: undefined, type: 'reset', data: {} })
  expect(stream.health).toBe('live')
  last().end(gone)
  await pass(0)
  expect(stream.health).toBe('lost')
  await pass(999)
  expect(opened).toHaveLength(1)
  await pass(1)
  expect(last().lastId).toBe('a')
  last().ears.heard()
  expect(stream.health).toBe('live')
  expect(told).toEqual(['status', 'reset'])
})

test('pauses grow to half a minute, and start again once a stream has lasted', async () => {
  for (const pause of [1, 2, 4, 8, 16, 30, 30]) {
    const before = opened.length
    last().end(gone)
    await pass(pause * 1000 - 1)
    expect(opened).toHaveLength(before)
    await pass(1)
    expect(opened).toHaveLength(before + 1)
  }
  last().ears.heard()
  await pass(10_000)
  last().end()
  await pass(1_000)
  expect(opened).toHaveLength(9)
})

test('a server that hangs up at once is not stormed', async () => {
  for (const pause of [1, 2, 4]) {
    const before = opened.length
    last().ears.heard()
    last().end()
    await pass(pause * 1000 - 1)
    expect(opened).toHaveLength(before)
    await pass(1)
  }
})

test('the server is not asked again sooner than it wishes', async () => {
  last().end(new ApiError(503, {}, 20_000))
  await pass(19_999)
  expect(opened).toHaveLength(1)
  await pass(1)
  expect(opened).toHaveLength(2)
})

test('where no stream gets through twice in a row, it polls and tries a stream now and then', async () => {
  polls = [true, true, true, true]
  last().end(gone)
  await pass(1_000)
  expect(stream.health).toBe('lost')
  last().end(gone)
  await pass(0)
  expect(stream.health).toBe('polling')
  expect(polls).toHaveLength(3)
  await pass(30_000)
  expect(polls).toHaveLength(2)
  last().end(gone)
  await pass(59_999)
  const tried = opened.length
  expect(stream.health).toBe('polling')
  await pass(1)
  expect(opened).toHaveLength(tried + 1)
  last().ears.heard()
  expect(stream.health).toBe('live')
  const left = polls.length
  await pass(90_000)
  expect(polls).toHaveLength(left)
})

test('when nothing answers at all, that is said', async () => {
  last().end(gone)
  await pass(1_000)
  last().end(gone)
  await pass(0)
  expect(stream.health).toBe('lost')
})

test('too many streams: polling at once', async () => {
  polls = [true]
  last().end(new ApiError(429, {}, 60_000))
  await pass(0)
  expect(stream.health).toBe('polling')
})

test('a stream that is refused for good is not tried again', async () => {
  last().end(new ApiError(404, {}))
  await pass(120_000)
  expect(opened).toHaveLength(1)
})

test('a hidden page lets go after a while and continues where it was', async () => {
  last().ears.heard()
  last().ears.event({ id: 'a', type: 'entry', data: {} })
  hide(true)
  await pass(14_999)
  expect(last().signal.aborted).toBe(false)
  await pass(1)
  expect(last().signal.aborted).toBe(true)
  await pass(600_000)
  expect(opened).toHaveLength(1)
  hide(false)
  expect(opened).toHaveLength(2)
  expect(last().lastId).toBe('a')
})

test('a page that is hidden for a moment keeps its stream', async () => {
  last().ears.heard()
  hide(true)
  await pass(5_000)
  hide(false)
  await pass(12_000)
  last().ears.heard()
  await pass(12_000)
  expect(opened).toHaveLength(1)
  expect(last().signal.aborted).toBe(false)
})

test('a device that slept does not believe its old connection', () => {
  last().ears.heard()
  vi.setSystemTime(Date.now() + 3_600_000)
  hide(false)
  expect(opened[0]?.signal.aborted).toBe(true)
  expect(opened).toHaveLength(2)
})

test.each(['online', 'offline'])('another network (%s) is another connection', (event) => {
  last().ears.heard()
  dispatchEvent(new Event(event))
  expect(opened[0]?.signal.aborted).toBe(true)
  expect(opened).toHaveLength(2)
})

test('a page from the cache of the browser connects again', () => {
  dispatchEvent(Object.assign(new Event('pageshow'), { persisted: true }))
  expect(opened).toHaveLength(2)
})

test('once it is stopped nothing happens any more', async () => {
  last().end(gone)
  await pass(0)
  stop()
  await pass(120_000)
  dispatchEvent(new Event('online'))
  expect(opened).toHaveLength(1)
})
