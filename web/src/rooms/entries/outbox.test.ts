// @vitest-environment jsdom
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import type { Entry } from '../../api/types'
import { ApiError } from '../../api/error'
import { reach } from '../../api/reach.svelte'
import { LocalStore } from '../../lib/local-store'
import { Outbox, type Outgoing, type Wish } from './outbox.svelte'

const glass: Outgoing = { id: 'a', metric: 'water', value: 250, at: '2026-11-24T08:00:00.000Z' }
const log: Wish = { to: 'log', entry: glass }
const unreachable = new ApiError(0, {})
const refused = new ApiError(422, { errors: [{ field: 'at', code: 'future', message: 'ahead' }] })

let store: LocalStore
let done: string[]

beforeEach(() => {
  vi.useFakeTimers()
  localStorage.clear()
  store = new LocalStore(localStorage, 'ada')
  done = []
})
afterEach(() => {
  vi.clearAllTimers()
  vi.useRealTimers()
})

type Answer = Error | 'ok' | 'gone' | 'none' | Promise<'ok' | ApiError>

/** An outbox whose server gives these answers, one after the other. */
function outbox(...answers: Answer[]) {
  const sent: string[] = []
  const deliver = async (wish: Wish) => {
    sent.push(wish.to)
    const answer = await (answers.shift() ?? 'ok')
    if (answer instanceof Error) throw answer
    if (answer === 'none') return undefined
    return answer === 'gone' ? null : ({ ...wish.entry, day: '2026-11-24' } as Entry)
  }
  const box = new Outbox(store, deliver, ({ to, entry }) => done.push(`${to} ${entry.id}`))
  return { box, sent }
}

/** An answer that the test releases. */
function later() {
  let give: () => void = () => undefined
  const answer = new Promise<'ok'>((done) => {
    give = () => {
      done('ok')
    }
  })
  return { answer, give }
}

/** Changes the storage as another tab would. */
function elsewhere(change: () => void) {
  change()
  dispatchEvent(new StorageEvent('storage', { key: 'kept:ada:pending:a' }))
}

test('an entry is stored from the tap until the server has it', async () => {
  const { box } = outbox('ok')
  const sending = box.add(log)
  expect(box.pending).toHaveLength(1)
  expect(box.waiting).toHaveLength(0)
  expect(store.keys('pending:')).toEqual(['pending:a'])
  expect(await sending).toMatchObject({ entry: { id: 'a' } })
  expect(box.items).toHaveLength(0)
  expect(store.keys()).toEqual([])
  expect(done).toEqual(['log a'])
})

test('an entry that did not arrive waits and is sent again under the same id', async () => {
  const { box, sent } = outbox(unreachable, unreachable, 'ok')
  expect(await box.add(log)).toEqual({ problem: unreachable, waiting: true })
  expect(box.waiting).toHaveLength(1)
  expect(reach.silent).toBe(true)
  await vi.advanceTimersByTimeAsync(1_000 + 2_000)
  expect(sent).toEqual(['log', 'log', 'log'])
  expect(box.items).toHaveLength(0)
  expect(done).toEqual(['log a'])
  expect(reach.silent).toBe(false)
})

test('a refused wish stays with its reason, also on the next page, and is not sent again by itself', async () => {
  const { box, sent } = outbox(refused)
  expect(await box.add(log)).toEqual({ problem: refused, waiting: false })
  expect([box.pending.length, box.refused.length]).toEqual([0, 1])
  await vi.runAllTimersAsync()
  window.dispatchEvent(new Event('online'))
  expect(sent).toHaveLength(1)

  const next = outbox('ok')
  const stop = next.box.start()
  await vi.runAllTimersAsync()
  expect(next.box.refused[0]?.problem?.fields).toEqual({ at: 'ahead' })
  expect(next.sent).toEqual([])
  await next.box.again('a')
  expect([next.box.items.length, next.sent.length]).toEqual([0, 1])
  stop()
})

test('a new page sends what the last one left behind, also from before wishes had a kind', async () => {
  await outbox(unreachable).box.add(log)
  store.set('pending:b', { ...glass, id: 'b' })
  vi.clearAllTimers()
  const { box } = outbox('ok', 'ok')
  expect(box.waiting.map(({ wish }) => wish.entry.id)).toEqual(['a', 'b'])
  const stop = box.start()
  await vi.runAllTimersAsync()
  stop()
  expect(box.items).toHaveLength(0)
  expect(done).toEqual(['log a', 'log b'])
})

test('an entry that the server tells of has arrived, though its answer was lost', async () => {
  const { box, sent } = outbox(unreachable)
  await box.add(log)
  box.arrived('another', { ...glass, id: 'another' } as Entry)
  expect(box.waiting).toHaveLength(1)
  box.arrived('a', glass as Entry)
  expect(box.items).toHaveLength(0)
  expect(done).toEqual(['log a'])
  expect(store.keys()).toEqual([])
  await vi.runAllTimersAsync()
  expect(sent).toHaveLength(1)
})

test('an entry to log that is in a list of the server’s has arrived; others wait', async () => {
  const { box, sent } = outbox(unreachable, unreachable, unreachable)
  await box.add(log)
  await box.add({ to: 'log', entry: { ...glass, id: 'b' } })
  await box.add({ to: 'delete', entry: { ...glass, id: 'c' } })
  box.listed([glass, { ...glass, id: 'c' }] as Entry[])
  expect(box.items.map(({ wish }) => wish.entry.id)).toEqual(['b', 'c'])
  expect([sent.length, done]).toEqual([3, ['log a']])
})

test.each([
  ['an expired session', new ApiError(401, {})],
  ['another person', new ApiError(409, { code: 'other_account' })],
])('%s keeps the entry and does not knock again', async (_, problem) => {
  const { box, sent } = outbox(problem)
  expect(await box.add(log)).toMatchObject({ waiting: true })
  await vi.runAllTimersAsync()
  expect(sent).toHaveLength(1)
  expect(store.keys('pending:')).toEqual(['pending:a'])
})

test('the server is not asked again sooner than it wishes', async () => {
  const { box, sent } = outbox(new ApiError(503, {}, 20_000), 'ok')
  await box.add(log)
  await vi.advanceTimersByTimeAsync(19_000)
  expect(sent).toHaveLength(1)
  await vi.advanceTimersByTimeAsync(1_000)
  expect(sent).toHaveLength(2)
})

test('an entry that is given up is deleted until the server has said so', async () => {
  const { box, sent } = outbox(unreachable, unreachable, unreachable, 'gone')
  await box.add(log)
  await box.discard('a')
  expect([box.waiting.length, box.changes.length, [...box.gone]]).toEqual([0, 1, ['a']])
  expect(store.get('pending:a')).toMatchObject({ wish: { to: 'delete' } })
  await vi.advanceTimersByTimeAsync(10_000)
  expect(sent).toEqual(['log', 'delete', 'delete', 'delete'])
  expect([box.items.length, store.keys()]).toEqual([0, []])
})

test('an entry that may arrive late is looked for again after it was not there', async () => {
  const { box, sent } = outbox(unreachable, 'none', 'gone')
  await box.add(log)
  await box.discard('a')
  expect(sent).toEqual(['log', 'delete'])
  expect([box.changes.length, [...box.gone]]).toEqual([0, ['a']])
  await vi.advanceTimersByTimeAsync(35_001)
  expect(sent).toEqual(['log', 'delete', 'delete'])
  expect(store.keys()).toEqual([])
})

test('an entry that is on its way is deleted after its answer, and never sent again', async () => {
  const { answer, give } = later()
  const { box, sent } = outbox(unreachable, answer, 'gone')
  await box.add(log)
  const retry = box.retry()
  const discarded = box.discard('a')
  expect(sent).toEqual(['log', 'log'])
  expect(box.pending).toEqual([])
  give()
  await Promise.all([retry, discarded])
  await vi.runAllTimersAsync()
  expect(sent).toEqual(['log', 'log', 'delete'])
  expect(store.keys()).toEqual([])
})

test('a refused entry that may have arrived before is deleted when it is discarded', async () => {
  const { box, sent } = outbox(unreachable, refused)
  await box.add(log)
  await box.retry()
  expect(box.refused).toHaveLength(1)
  vi.clearAllTimers()

  const next = outbox('gone')
  await next.box.discard('a')
  expect([sent, next.sent]).toEqual([['log', 'log'], ['delete']])
  expect(store.keys()).toEqual([])
})

test('an entry that was only ever refused is gone when it is discarded', async () => {
  const { box, sent } = outbox(refused, refused)
  await box.add(log)
  await box.again('a')
  await box.discard('a')
  expect([sent, box.items, store.keys()]).toEqual([['log', 'log'], [], []])
})

test('an entry that is given up while it is refused is deleted, if it may have arrived before', async () => {
  const { answer, give } = later()
  const { box, sent } = outbox(
    unreachable,
    answer.then(() => refused),
    'gone',
  )
  await box.add(log)
  const retry = box.retry()
  const discarded = box.discard('a')
  give()
  await Promise.all([retry, discarded])
  expect(sent).toEqual(['log', 'log', 'delete'])
})

test('an entry refused to another tab is refused here as well, and sent again by nobody', async () => {
  const { box, sent } = outbox(unreachable, 'ok')
  const stop = box.start()
  await box.add(log)
  const { status, code, message: detail, fields } = refused
  elsewhere(() => store.set('pending:a', { wish: log, refused: { status, code, detail, fields } }))
  expect([box.pending.length, box.refused[0]?.problem?.fields]).toEqual([0, { at: 'ahead' }])
  dispatchEvent(new Event('online'))
  await vi.runAllTimersAsync()
  expect(sent).toEqual(['log'])

  elsewhere(() => store.set('pending:a', { wish: log }))
  expect([box.pending.length, box.refused.length]).toEqual([1, 0])
  stop()
})

test('a mishap with one wish holds up no other, and it is tried again', async () => {
  const { box, sent } = outbox(unreachable, unreachable, new TypeError('mishap'), 'ok', 'ok')
  await box.add(log)
  await box.add({ to: 'log', entry: { ...glass, id: 'b' } })
  await expect(box.retry()).rejects.toThrow('mishap')
  expect(done).toEqual(['log b'])
  await vi.advanceTimersByTimeAsync(10_000)
  expect([sent.length, box.items]).toEqual([5, []])
})

test('an entry whose sending goes amiss is sent again by itself', async () => {
  const { box } = outbox(new TypeError('mishap'), 'ok')
  await expect(box.add(log)).rejects.toThrow('mishap')
  await vi.advanceTimersByTimeAsync(10_000)
  expect([box.items, done]).toEqual([[], ['log a']])
})

test('an entry that another tab has given up is not sent from here', async () => {
  const { box, sent } = outbox(unreachable, 'ok')
  const stop = box.start()
  await box.add(log)
  elsewhere(() => store.set('pending:a', { wish: { to: 'delete', entry: glass } }))
  expect(box.pending).toEqual([])
  await vi.advanceTimersByTimeAsync(10_000)
  expect(sent).toEqual(['log', 'delete'])
  stop()
})

test('an entry that another tab has brought to the server waits here no more', async () => {
  const { box, sent } = outbox(unreachable)
  const stop = box.start()
  await box.add(log)
  elsewhere(() => {
    store.remove('pending:a')
  })
  expect(box.items).toEqual([])
  await vi.runAllTimersAsync()
  expect(sent).toHaveLength(1)
  stop()
})

test('a browser that stores nothing sends all the same, and says what would be lost', async () => {
  const refuse = () => {
    throw new DOMException('full', 'QuotaExceededError')
  }
  store = new LocalStore({ getItem: refuse, setItem: refuse, removeItem: refuse }, 'ada')
  const { box, sent } = outbox(unreachable, 'ok')
  await box.add(log)
  expect(box.waiting[0]?.kept).toBe(false)
  await vi.advanceTimersByTimeAsync(1_000)
  expect(sent).toHaveLength(2)
  expect(box.items).toEqual([])
})

/** Makes the storage fail from now on. */
function fail(how: (text: string, before: string) => void) {
  const shelf = {
    getItem: (key: string) => localStorage.getItem(key),
    removeItem: (key: string) => {
      localStorage.removeItem(key)
    },
    setItem: (key: string, text: string) => {
      how(text, localStorage.getItem(key) ?? '')
    },
  }
  let full = false
  store = new LocalStore(
    {
      ...shelf,
      setItem: (key, text) => {
        if (full) shelf.setItem(key, text)
        else localStorage.setItem(key, text)
      },
    },
    'ada',
  )
  return () => {
    full = true
  }
}

const throwFull = () => {
  throw new DOMException('full', 'QuotaExceededError')
}

test.each([
  ['throws', throwFull],
  ['stores nothing', () => undefined],
  [
    'is filled to the byte',
    (text: string, before: string) => {
      if (text.length > before.length) throwFull()
    },
  ],
])('a newer wish is the one that is sent, though the storage %s by then', async (_, how) => {
  const fillUp = fail(how)
  const { box, sent } = outbox(unreachable, 'gone', unreachable, unreachable, 'ok')
  await box.add(log)
  fillUp()
  await box.discard('a')
  expect([sent, store.get('pending:a')]).toEqual([['log', 'delete'], undefined])

  const { entry } = log
  await box.add({ to: 'delete', entry })
  await box.add({ to: 'restore', entry })
  await vi.advanceTimersByTimeAsync(10_000)
  expect(sent).toEqual(['log', 'delete', 'delete', 'restore', 'restore'])
  expect(box.items).toEqual([])
})

test('an entry in place of one that is given up is the only one to arrive, though nothing is stored', async () => {
  const fillUp = fail(throwFull)
  const { box, sent } = outbox(unreachable, 'gone', 'ok')
  await box.add(log)
  fillUp()
  const given = box.discard('a')
  await box.add({ to: 'log', entry: { ...glass, id: 'b' } })
  await given
  expect(sent).toEqual(['log', 'delete', 'log'])
  expect(done).toEqual(['delete a', 'log b'])
})

test('a wish whose refusal finds no room is stored all the same', async () => {
  const { answer, give } = later()
  const fillUp = fail(throwFull)
  const { box } = outbox(answer.then(() => refused))
  const sending = box.add(log)
  fillUp()
  give()
  await sending
  expect(box.refused).toMatchObject([{ kept: true }])
  expect(store.get('pending:a')).toMatchObject({ wish: log })
})

test('a server that does not answer is said after two seconds', async () => {
  const { answer, give } = later()
  const { box } = outbox(answer)
  const sending = box.add(log)
  await vi.advanceTimersByTimeAsync(1_999)
  expect(box.waiting).toHaveLength(0)
  await vi.advanceTimersByTimeAsync(1)
  expect(box.waiting[0]?.problem).toBeUndefined()
  expect(box.waiting).toHaveLength(1)
  give()
  await sending
  expect(box.waiting).toHaveLength(0)
})
