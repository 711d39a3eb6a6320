// @vitest-environment jsdom
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { ApiError } from '../../api/error'
import { LocalStore } from '../../lib/local-store'
import { PageToasts, toasts } from '../../ui/toasts.svelte'
import { reset, server } from './fake-server'
import type { Wish } from './wishes'
import { Writer } from './writer.svelte'

vi.mock('../../api/client', async () => (await import('./fake-server')).client())

let writer: Writer
beforeEach(() => {
  vi.useFakeTimers()
  reset()
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
    handOver: () => kept.push(`outbox ${writer.outbox.items.length}`),
    takeBack: () => there,
    again: false,
  }
  const draft = { metric: 'water', value: 250, id: 'a' } as const
  expect((await writer.log(draft, '250 ml', form))?.status).toBe(422)
  expect(kept).toEqual(['outbox 1'])
  expect(writer.outbox.refused).toHaveLength(there ? 0 : 1)
})

test('an entry that is sent again with other contents under its id is one, and has the last of them', async () => {
  const form = { handOver: () => undefined, takeBack: () => true, again: false }
  const draft = { metric: 'water', value: 250, id: 'a', at: '2026-11-24T08:00:00.000Z' } as const
  await writer.log(draft, '250 ml', form)
  const again = { ...draft, value: 300, note: 'with ice' }
  const anew = () => new Writer(new LocalStore(localStorage, 'ada'), () => undefined)
  await anew().log(again, '300 ml', { ...form, again: true })
  expect([...server.entries.values()]).toMatchObject([{ value: 300, note: 'with ice' }])
  // Where it is known to have arrived, it is changed, and nothing waits that could be given up.
  server.down = true
  const problem = await writer.log({ ...draft, value: 350 }, '350 ml', { ...form, again: true })
  expect([problem?.status, writer.outbox.items]).toEqual([0, []])
  server.down = false
  // One that was changed elsewhere meanwhile is not overwritten by the first try.
  expect(await writer.log(draft, '250 ml', form)).toMatchObject({ code: 'id_conflict' })
  expect(values()).toEqual([300])
})

test('an undo that waits is not sent while an edit of its entry is on its way', async () => {
  await writer.logAltitude(4)
  const [entry] = [...server.entries.values()]
  if (!entry) throw new ApiError(0, {})
  await writer.edit(entry, { value: 6 }, '6')
  server.down = true
  await undoLast()
  server.down = false
  server.asked = []
  const edit = writer.edit(entry, { value: 7 }, '7')
  await Promise.all([writer.outbox.retry(), edit])
  expect(server.asked).toEqual(['PATCH /api/v1/entries/{id}'])
  expect([values(), writer.outbox.items]).toEqual([[7], []])
})

test('an undo that waits goes on after an edit that was refused', async () => {
  await writer.logAltitude(4)
  const [entry] = [...server.entries.values()]
  if (!entry) throw new ApiError(0, {})
  await writer.edit(entry, { value: 6 }, '6')
  server.down = true
  await undoLast()
  server.down = false
  server.refuses = 'PATCH'
  expect(await writer.edit(entry, { note: 'x' }, '6')).toMatchObject({ status: 422 })
  await writer.outbox.retry()
  expect([values(), writer.outbox.items]).toEqual([[4], []])
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
