// @vitest-environment jsdom
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import type { Entry } from '../../api/types'
import { ApiError } from '../../api/error'
import { LocalStore } from '../../lib/local-store'
import { PageToasts, toasts } from '../../ui/toasts.svelte'
import type { Wish } from './wishes'
import { Writer } from './writer.svelte'

type Call = [
  string,
  { params?: { path?: { id?: string; number?: number } }; body?: Partial<Entry> },
]

/** A server of one person's entries: the entries, their versions, and whether it can be reached. */
const server = vi.hoisted(() => ({
  entries: new Map<string, Entry>(),
  versions: new Map<string, Entry[]>(),
  replaced: new Map<string, string>(),
  asked: [] as string[],
  down: false,
  refuses: false,
  /** Whether something answers in its place. */
  foreign: false,
  proxied: false,
  loses: false,
}))

vi.mock('../../api/client', async () => {
  const { ApiError } = await import('../../api/error')
  let moment = 0
  const at = () => new Date(++moment).toISOString()
  const find = (id = '') => {
    const entry = server.entries.get(id)
    if (!entry) throw new ApiError(404, { code: 'not_found' })
    return entry
  }
  const change = (id: string, how: (entry: Entry) => Entry) => {
    const before = find(id)
    server.versions.set(id, [before, ...(server.versions.get(id) ?? [])])
    const after = { ...how(before), updated_at: at() }
    server.entries.set(id, after)
    server.replaced.set(id, after.updated_at)
    return after
  }
  const ask =
    (name: string, what: (...call: Call) => unknown) =>
    async (...call: Call) => {
      await Promise.resolve()
      server.asked.push(`${name} ${call[0]}`)
      if (server.down) throw new ApiError(0, {})
      if (server.foreign) return {}
      if (server.proxied) throw new ApiError(0, { code: 'foreign' })
      if (server.refuses) throw new ApiError(422, { code: 'validation_failed' })
      const answer = what(...call)
      if (server.loses) throw new ApiError(0, {})
      return answer
    }
  const api = {
    POST: ask('POST', (path, { params, body }) => {
      const id = params?.path?.id ?? body?.id ?? ''
      if (path.includes('versions')) {
        const version = server.versions.get(id)?.at(0)
        return { entry: change(id, () => version ?? find(id)) }
      }
      const entry = {
        note: null,
        tags: [],
        ...body,
        day: 'd',
        updated_at: at(),
      } as unknown as Entry
      server.entries.set(id, entry)
      return entry
    }),
    PATCH: ask('PATCH', (_, { params, body }) =>
      change(params?.path?.id ?? '', (entry) => ({ ...entry, ...body })),
    ),
    GET: ask('GET', (path, { params }) => {
      const id = params?.path?.id ?? ''
      if (!path.includes('versions')) return find(id)
      const number = server.versions.get(id)?.length ?? 0
      return { items: [{ number, replaced_at: server.replaced.get(id) ?? '' }] }
    }),
    DELETE: ask('DELETE', (_, { params }) => {
      find(params?.path?.id)
      server.entries.delete(params?.path?.id ?? '')
    }),
  }
  const certainTime = () => Promise.resolve(Date.now())
  return { api, certainTime, answer: (call: Promise<unknown>) => call }
})

let writer: Writer
beforeEach(() => {
  vi.useFakeTimers()
  server.entries.clear()
  server.versions.clear()
  server.asked = []
  server.down = server.refuses = server.foreign = server.proxied = server.loses = false
  localStorage.clear()
  toasts.clear()
  writer = new Writer(new LocalStore(localStorage, 'ada'), () => undefined)
})
afterEach(() => {
  vi.useRealTimers()
})

const values = () => [...server.entries.values()].map(({ value }) => value)
const undoLast = async () => {
  const toast = toasts.items.at(-1)
  if (toast) toasts.act(toast)
  await vi.advanceTimersByTimeAsync(0)
}

test('altitudes within a minute are one entry, which keeps its moment', async () => {
  await writer.logAltitude(4)
  const [first] = [...server.entries.values()]
  vi.advanceTimersByTime(59_000)
  await writer.logAltitude(7)
  expect(values()).toEqual([7])
  expect([...server.entries.values()][0]?.at).toBe(first?.at)
  await undoLast()
  expect(values()).toEqual([4])
  vi.advanceTimersByTime(2_000)
  await writer.logAltitude(9)
  expect(values()).toEqual([4, 9])
})

test('one that is still on its way is corrected once it has arrived', async () => {
  const taps = [writer.logAltitude(4), writer.logAltitude(5), writer.logAltitude(6)]
  expect(writer.correcting).toBe(6)
  await Promise.all(taps)
  expect(writer.correcting).toBeNull()
  expect(values()).toEqual([6])
})

test('the level that stands already is not sent again', async () => {
  await writer.logAltitude(4)
  server.asked = []
  await writer.logAltitude(4)
  expect(server.asked).toEqual([])
  expect(values()).toEqual([4])
})

test('one that waits for the network is corrected in its place', async () => {
  server.down = true
  await writer.logAltitude(4)
  await writer.logAltitude(8)
  expect(
    writer.outbox.pending.map(({ wish }) => 'value' in wish.entry && wish.entry.value),
  ).toEqual([8])
  server.down = false
  await writer.outbox.retry()
  expect(values()).toEqual([8])
})

test('one that is gone is not corrected: the next is a new one', async () => {
  await writer.logAltitude(4)
  server.entries.clear()
  await writer.logAltitude(6)
  expect(values()).toEqual([6])
})

test('a change of nothing asks nothing', async () => {
  await writer.logAltitude(4)
  const [entry] = [...server.entries.values()]
  server.asked = []
  if (entry) expect(await writer.edit(entry, {}, '4')).toBeUndefined()
  expect(server.asked).toEqual([])
})

test('an undo that waits is dropped by a later change only once that is made', async () => {
  await writer.logAltitude(4)
  const [entry] = [...server.entries.values()]
  if (!entry) throw new ApiError(0, {})
  await writer.edit(entry, { value: 6 }, '6')
  server.down = true
  await undoLast()
  expect(await writer.edit(entry, { value: 7 }, '7')).toMatchObject({ status: 0 })
  expect(writer.outbox.changes).toHaveLength(1)
  server.down = false
  expect(await writer.edit(entry, { value: 7 }, '7')).toBeUndefined()
  expect([writer.outbox.items, values()]).toEqual([[], [7]])
})

test('a change waits for the undo that is on its way', async () => {
  await writer.logAltitude(4)
  const [entry] = [...server.entries.values()]
  if (!entry) throw new ApiError(0, {})
  await writer.edit(entry, { value: 6 }, '6')
  const toast = toasts.items.at(-1)
  if (toast) toasts.act(toast)
  // The undo has been sent, and is not answered yet.
  while (!server.asked.at(-1)?.includes('versions')) await Promise.resolve()
  await writer.edit(entry, { value: 7 }, '7')
  expect(server.asked.at(-1)).toContain('PATCH')
  expect(values()).toEqual([7])
})

test.each(['restore', 'change', 'log'] as const)(
  'a foreign answer to the wish to %s is none: it waits',
  async (to) => {
    await writer.logAltitude(4)
    const [entry] = [...server.entries.values()]
    if (!entry) throw new ApiError(0, {})
    server.foreign = true
    const outcome = await writer.outbox.add({ to, entry } as Wish)
    expect(outcome).toMatchObject({ problem: { code: 'foreign' }, waiting: true })
  },
)

test('an entry that was changed again meanwhile is not undone', async () => {
  await writer.logAltitude(4)
  const [entry] = [...server.entries.values()]
  if (!entry) throw new ApiError(0, {})
  await writer.edit(entry, { value: 6 }, '6')
  const updated_at = '2030-01-01T00:00:00.000Z'
  server.entries.set(entry.id, { ...entry, value: 9, updated_at })
  server.replaced.set(entry.id, updated_at)
  await undoLast()
  expect(values()).toEqual([9])
  expect(toasts.items.at(-1)?.text).toContain('changed again meanwhile')
})

test.each([
  ['its form, if that is still there', true],
  ['the outbox, once its form is gone', false],
])('a refused entry is kept by %s', async (_, there) => {
  server.refuses = true
  const kept: string[] = []
  const form = {
    drop: () => kept.push(`outbox ${writer.outbox.items.length}`),
    takeBack: () => there,
  }
  const draft = { metric: 'water', value: 250, id: 'a' } as const
  expect((await writer.log(draft, '250 ml', form))?.status).toBe(422)
  expect(kept).toEqual(['outbox 1'])
  expect(writer.outbox.refused).toHaveLength(there ? 0 : 1)
})

test.each([
  ['without a network', () => (server.down = true)],
  ['whose answer was a proxy’s', () => (server.proxied = true)],
  ['whose answer was lost', () => (server.loses = true)],
])('a correction %s waits, and is made in the end', async (_, goWrong) => {
  await writer.logAltitude(5)
  const [first] = [...server.entries.values()]
  goWrong()
  await writer.logAltitude(8)
  expect(writer.correcting).toBeNull()
  expect(writer.outbox.pending.map(({ wish }) => wish.entry)).toMatchObject([
    { value: 8, at: first?.at },
  ])
  expect([...writer.outbox.gone]).toEqual([first?.id])
  expect(toasts.items).toEqual([])
  server.down = server.proxied = server.loses = false
  await writer.outbox.retry()
  expect(values()).toEqual([8])
  expect(writer.outbox.items).toEqual([])
})

test('a correction that is refused says what stands', async () => {
  await writer.logAltitude(5)
  server.refuses = true
  await writer.logAltitude(8)
  expect(toasts.items.at(-1)?.text).toContain('It is still 5.')
  expect(writer.outbox.items).toEqual([])
})

test('an answer that comes after its person signed out says nothing', async () => {
  const said = new PageToasts()
  writer = new Writer(new LocalStore(localStorage, 'ada'), () => undefined, said)
  const taps = [
    writer.logAltitude(3),
    writer.log({ metric: 'water', value: 250, id: 'a' }, '250 ml'),
  ]
  said.leave()
  await Promise.all(taps)
  expect(values()).toHaveLength(2)
  expect(toasts.items).toEqual([])
})
