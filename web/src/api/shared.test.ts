// @vitest-environment jsdom
// Tabs of one browser, each with the modules of its own, and a server whose stream they share. A tab that the browser has
// frozen hears nothing, is sent nothing, and keeps its lock; what came meanwhile reaches it when it thaws.
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import type { Ears, Follow, StreamEvent } from './events'
// Read once, before anything is timed.
import './shared'
import './stream.svelte'

vi.setConfig({ testTimeout: 60_000 })

const PATH = '/events'
const BEAT_MS = 15_000
/** How long a leader's silence is tolerated, including how far apart the tabs are in that. */
const SILENCE_MS = 48_000

/** The messages that the browser holds back from a tab while it is frozen. */
class Tab {
  told: string[] = []
  frozen = false
  time!: () => number
  health!: () => string
  stop: () => void = () => undefined
  #held: (() => void)[] = []

  give(what: () => void): void {
    if (this.frozen) this.#held.push(what)
    else what()
  }

  thaw(): void {
    this.frozen = false
    for (const what of this.#held.splice(0)) what()
  }
}

let tabs: Tab[]
/** The tab whose code runs: what it opens is its own. */
let running: Tab | undefined

class Channel {
  static all = new Set<Channel>()
  onmessage: ((message: { data: unknown }) => void) | undefined
  #tab = running
  name: string

  constructor(name: string) {
    this.name = name
    Channel.all.add(this)
  }

  postMessage(data: unknown): void {
    if (!Channel.all.has(this)) throw new DOMException('closed', 'InvalidStateError')
    for (const other of Channel.all) {
      if (other === this || other.name !== this.name) continue
      queueMicrotask(() => {
        other.#tab?.give(() => {
          if (Channel.all.has(other)) other.onmessage?.({ data: structuredClone(data) })
        })
      })
    }
  }

  close(): void {
    Channel.all.delete(this)
  }
}

interface Held {
  tab: Tab | undefined
  lost: (why: DOMException) => void
}
interface How {
  steal?: boolean
  ifAvailable?: boolean
  signal?: AbortSignal
}
type Run = (lock: object | null) => Promise<unknown>

/** `navigator.locks`, as far as it is used. */
class Locks {
  /** How long the browser takes to say who holds which. */
  static lag = 0
  static steals = 0
  #held = new Map<string, Held>()
  #queues = new Map<string, (() => void)[]>()

  request(name: string, { steal, ifAvailable, signal }: How, run: Run): Promise<unknown> {
    const tab = running
    if (steal) Locks.steals += 1
    const holder = this.#held.get(name)
    if (holder && steal) {
      this.#held.delete(name)
      const { tab: loser, lost } = holder
      const why = new DOMException('stolen', 'AbortError')
      loser?.give(() => {
        lost(why)
      })
    } else if (holder && ifAvailable) {
      return run(null)
    } else if (holder) {
      return new Promise((done, fail) => {
        const queue = this.#queues.get(name) ?? []
        this.#queues.set(name, queue)
        const go = () => {
          this.#hold(name, tab, run).then(done, fail)
        }
        queue.push(go)
        signal?.addEventListener('abort', () => {
          if (!queue.includes(go)) return
          queue.splice(queue.indexOf(go), 1)
          fail(signal.reason as Error)
        })
      })
    }
    return this.#hold(name, tab, run)
  }

  query(): Promise<object> {
    return new Promise((done) => {
      if (Locks.lag === 0) done({})
      else setTimeout(done, Locks.lag, {})
    })
  }

  #hold(name: string, tab: Tab | undefined, run: Run): Promise<unknown> {
    return new Promise((done, fail) => {
      const held = { tab, lost: fail }
      this.#held.set(name, held)
      const release = () => {
        if (this.#held.get(name) !== held) return
        this.#held.delete(name)
        this.#queues.get(name)?.shift()?.()
      }
      run({}).finally(release).then(done, fail)
    })
  }
}

/** The server: the events so far, and the tabs that receive them. */
class World {
  events: StreamEvent[] = [{ id: 'e0', type: 'status', data: {} }]
  open = new Set<{ tab: Tab; ears: Ears }>()
  asked: (string | undefined)[] = []

  constructor() {
    setInterval(() => {
      for (const { tab, ears } of this.open) {
        tab.give(() => {
          ears.heard()
          ears.said?.(new Date().toISOString())
        })
      }
    }, BEAT_MS)
  }

  happens(): void {
    const event = { id: `e${this.events.length}`, type: 'entry', data: {} }
    this.events.push(event)
    for (const connection of this.open) this.#send(connection, event)
  }

  follow = (tab: Tab, lastId: string | undefined, signal: AbortSignal, ears: Ears) =>
    new Promise<void>((done) => {
      const connection = { tab, ears }
      this.asked.push(lastId)
      this.open.add(connection)
      signal.addEventListener('abort', () => {
        this.open.delete(connection)
        done()
      })
      ears.heard()
      const place = this.events.findIndex(({ id }) => id === lastId)
      for (const event of this.events.slice(place + 1)) this.#send(connection, event)
    })

  #send(connection: { tab: Tab; ears: Ears }, event: StreamEvent): void {
    connection.tab.give(() => {
      if (!this.open.has(connection)) return
      connection.ears.heard()
      connection.ears.event(event)
    })
  }
}

let world: World
let faults: unknown[]

/** Opens the page once more. */
async function open(): Promise<Tab> {
  const tab = new Tab()
  tabs.push(tab)
  vi.resetModules()
  const follow: Follow = (_, lastId, signal, ears) => world.follow(tab, lastId, signal, ears)
  vi.doMock('./events', () => ({ follow }))
  const { Stream } = await import('./stream.svelte')
  const { followShared } = await import('./shared')
  const { clock } = await import('./clock.svelte')
  const how: Follow = (...given) => {
    running = tab
    return followShared(...given)
  }
  const source = {
    path: PATH,
    event: ({ id, type }: StreamEvent) => tab.told.push(type === 'entry' ? (id ?? '') : type),
    poll: () => Promise.resolve(false),
    refused: () => false,
  }
  const stream = new Stream(source, how)
  tab.health = () => stream.health
  tab.time = () => clock.exact()
  tab.stop = stream.start()
  await settle()
  return tab
}

/** Lets every message that was sent be received. */
const settle = () => vi.advanceTimersByTimeAsync(1)
const pass = (ms: number) => vi.advanceTimersByTimeAsync(ms)

beforeEach(() => {
  vi.useFakeTimers()
  Channel.all.clear()
  tabs = []
  faults = []
  Locks.lag = Locks.steals = 0
  vi.stubGlobal('reportError', (fault: unknown) => faults.push(fault))
  vi.stubGlobal('BroadcastChannel', Channel)
  vi.stubGlobal(
    'navigator',
    Object.assign(Object.create(navigator) as object, { locks: new Locks() }),
  )
  world = new World()
})
afterEach(() => {
  for (const tab of tabs) tab.stop()
  expect(faults).toEqual([])
  vi.doUnmock('./events')
  vi.unstubAllGlobals()
  vi.useRealTimers()
})

test('one stream serves all, and each is told of everything once', async () => {
  const all = [await open(), await open(), await open()]
  world.happens()
  await settle()
  expect(all.map(({ told }) => told)).toEqual(Array(3).fill(['status', 'e1']))
  expect(world.asked).toEqual([undefined])
})

test('the tab that holds the stream freezes: another takes over, and nothing is lost or told twice', async () => {
  const [first, second, third] = [await open(), await open(), await open()]
  world.happens()
  await settle()
  first.frozen = true
  world.happens()
  await pass(SILENCE_MS)
  world.happens()
  await pass(5_000)
  for (const tab of [second, third]) {
    expect(tab.told).toEqual(['status', 'e1', 'e2', 'e3'])
    expect(tab.health()).toBe('live')
  }
  // The first tab resumed after its last event.
  expect(world.asked.slice(1)).toContain('e1')
  expect(new Set(world.asked.slice(1)).size).toBe(1)

  // It thaws, receives the messages held back for it, and goes on as a listener.
  first.thaw()
  await pass(5_000)
  world.happens()
  await settle()
  expect([...first.told].sort()).toEqual(['e1', 'e2', 'e3', 'e4', 'status'])
  for (const tab of [second, third]) {
    expect(tab.told).toEqual(['status', 'e1', 'e2', 'e3', 'e4'])
  }
  expect(world.open.size).toBe(1)
})

test('a tab that takes over may freeze as well', async () => {
  const [first, second, third] = [await open(), await open(), await open()]
  first.frozen = true
  await pass(SILENCE_MS + 5_000)
  const [leader] = [...world.open].map(({ tab }) => tab).filter((tab) => tab !== first)
  const last = leader === second ? third : second
  leader!.frozen = true
  world.happens()
  await pass(SILENCE_MS + 5_000)
  expect(last.told).toEqual(['status', 'e1'])
  expect(last.health()).toBe('live')
})

test('a tab that comes while nobody answers does not wait for ever', async () => {
  const first = await open()
  first.frozen = true
  world.happens()
  const second = await open()
  expect(second.told).toEqual([])
  await pass(20_000)
  expect(second.told).toEqual(['status', 'e1'])
  expect(second.health()).toBe('live')
})

test('a tab that listens was frozen: it is told what it missed, or that it missed something', async () => {
  const [, second] = [await open(), await open()]
  second.frozen = true
  world.happens()
  world.happens()
  await pass(120_000)
  second.thaw()
  await pass(5_000)
  expect(second.told).toEqual(['status', 'e1', 'e2'])
  expect(second.health()).toBe('live')
})

test('the time that the server says is learnt in every tab', async () => {
  const [, second] = [await open(), await open()]
  const told = Date.now() + BEAT_MS
  await pass(BEAT_MS)
  // The device's clock is set back by an hour, and the tab that listens uses what the other one received.
  vi.setSystemTime(Date.now() - 3_600_000)
  expect(Math.abs(second.time() - told)).toBeLessThan(1_000)
})

test('a tab that is given the lock late does not take it from itself', async () => {
  Locks.lag = 30_000
  const first = await open()
  await pass(25_000)
  expect(first.told).toEqual([])
  await pass(10_000)
  expect(first.told).toEqual(['status'])
  expect([Locks.steals, world.asked.length]).toEqual([0, 1])
})
