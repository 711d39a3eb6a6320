// @vitest-environment jsdom
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import type { Entry } from '../../api/types'
import { ApiError } from '../../api/error'
import { LocalStore } from '../../lib/local-store'
import { toasts } from '../../ui/toasts.svelte'
import { reset, server } from './fake-server'
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

/** Logs 5 and corrects it to 8, which goes wrong. Returns the entry as it was logged. */
async function correctionThatWaits(goWrong: () => unknown): Promise<Entry> {
  await writer.logAltitude(5)
  const [first] = [...server.entries.values()]
  if (!first) throw new ApiError(0, {})
  goWrong()
  await writer.logAltitude(8)
  return first
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

test.each([
  ['without a network', () => (server.down = true)],
  ['whose answer was a proxy’s', () => (server.proxied = true)],
  ['whose answer was lost', () => (server.loses = true)],
  ['that the server has no time for', () => (server.limited = true)],
])('a correction %s waits, and is made in the end', async (_, goWrong) => {
  const first = await correctionThatWaits(goWrong)
  expect(writer.correcting).toBeNull()
  expect(writer.outbox.corrections.map(({ wish }) => wish.entry)).toMatchObject([
    { ...first, value: 8, updated_at: first.updated_at },
  ])
  expect([...writer.outbox.gone]).toEqual([])
  expect(toasts.items).toEqual([])
  server.down = server.proxied = server.loses = server.limited = false
  await writer.outbox.retry()
  expect(values()).toEqual([8])
  expect(writer.outbox.items).toEqual([])

  expect(toasts.items.at(-1)?.text).toContain('logged in place of 5')
  await undoLast()
  expect(values()).toEqual([5])
  expect(server.asked.filter((asked) => asked.startsWith('DELETE'))).toEqual([])
})

test.each([
  ['never arrived', () => (server.down = true)],
  ['arrived, and whose answer was lost', () => (server.loses = true)],
])('a correction that %s is discarded: the level before it stands', async (_, goWrong) => {
  const { id } = await correctionThatWaits(goWrong)
  const discarded = writer.outbox.discard(id)
  server.down = server.loses = false
  await discarded
  await writer.outbox.retry()
  expect(values()).toEqual([5])
  expect([writer.outbox.items, toasts.items]).toEqual([[], []])
})

test('a correction that is corrected while it waits becomes the last of them, or what it was', async () => {
  await correctionThatWaits(() => (server.loses = true))
  await writer.logAltitude(3)
  server.loses = false
  await writer.outbox.retry()
  expect(values()).toEqual([3])
  server.loses = true
  await writer.logAltitude(9)
  await writer.logAltitude(3)
  server.loses = false
  await writer.outbox.retry()
  expect(values()).toEqual([3])
  expect(writer.outbox.items).toEqual([])
})

test('a correction that waits is made by the next page', async () => {
  await correctionThatWaits(() => (server.down = true))
  writer = new Writer(new LocalStore(localStorage, 'ada'), () => undefined)
  expect(writer.outbox.changes).toHaveLength(1)
  server.down = false
  const stop = writer.outbox.start()
  await vi.advanceTimersByTimeAsync(0)
  expect(values()).toEqual([8])
  await undoLast()
  expect(values()).toEqual([5])
  stop()
})

test('a correction that waited and is refused stays with its reason, and can be discarded', async () => {
  const { id } = await correctionThatWaits(() => (server.down = true))
  server.down = false
  server.refuses = true
  await writer.outbox.retry()
  expect(writer.outbox.refused).toHaveLength(1)
  expect(values()).toEqual([5])
  server.refuses = false
  await writer.outbox.discard(id)
  expect([writer.outbox.items, values()]).toEqual([[], [5]])
})

test('an edit of the note leaves a correction that waits; one of the level takes its place', async () => {
  const first = await correctionThatWaits(() => (server.down = true))
  server.down = false
  await writer.edit(first, { note: 'tired' }, '5')
  await writer.outbox.retry()
  expect([...server.entries.values()]).toMatchObject([{ value: 8, note: 'tired' }])

  server.down = true
  await writer.logAltitude(2)
  server.down = false
  await writer.edit(first, { value: 6 }, '6')
  expect([values(), writer.outbox.items]).toEqual([[6], []])
})

test('a level whose answer was lost, and that the server tells of, is corrected', async () => {
  server.loses = true
  await writer.logAltitude(4)
  server.loses = false
  writer.outbox.listed([...server.entries.values()])
  expect(writer.outbox.items).toEqual([])
  await writer.logAltitude(7)
  expect(values()).toEqual([7])
  await undoLast()
  expect(values()).toEqual([4])
})

test('a level that nobody knows the fate of is corrected whether it has arrived or not', async () => {
  for (const goWrong of [() => (server.loses = true), () => (server.down = true)]) {
    server.entries.clear()
    goWrong()
    await writer.logAltitude(4)
    server.loses = server.down = false
    await writer.logAltitude(7)
    expect([values(), writer.outbox.items]).toEqual([[7], []])
    vi.advanceTimersByTime(61_000)
  }
})

test('a correction that is refused says what stands', async () => {
  await writer.logAltitude(5)
  server.refuses = true
  await writer.logAltitude(8)
  expect(toasts.items.at(-1)?.text).toContain('It is still 5.')
  expect(writer.outbox.items).toEqual([])
})
