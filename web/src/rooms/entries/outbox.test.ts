// @vitest-environment jsdom
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import type { Entry } from '../../api/client'
import { ApiError } from '../../api/error'
import { Locker } from '../../lib/locker'
import { Outbox, type Outgoing } from './outbox.svelte'

const glass: Outgoing = { id: 'a', metric: 'water', value: 250, at: '2026-11-24T08:00:00.000Z' }
const unreachable = new ApiError(0, {})
const refused = new ApiError(422, {})

let locker: Locker
let saved: string[]

beforeEach(() => {
  vi.useFakeTimers()
  localStorage.clear()
  locker = new Locker(localStorage, 'ada')
  saved = []
})
afterEach(() => {
  vi.useRealTimers()
})

/** An outbox whose post answers as told, one answer after the other. */
function outbox(...answers: (ApiError | 'ok')[]) {
  const post = vi.fn((entry: Outgoing) => {
    const answer = answers.shift() ?? 'ok'
    if (answer !== 'ok') return Promise.reject(answer)
    return Promise.resolve({ ...entry, day: '2026-11-24' } as Entry)
  })
  return { box: new Outbox(locker, post, (entry) => saved.push(entry.id)), post }
}

test('an entry is kept from the tap until the server has it', async () => {
  const { box } = outbox('ok')
  const sending = box.add(glass)
  expect(box.pending).toHaveLength(1)
  expect(box.waiting).toHaveLength(0)
  expect(locker.keys('pending:')).toEqual(['pending:a'])
  expect(await sending).toMatchObject({ entry: { id: 'a' } })
  expect(box.pending).toHaveLength(0)
  expect(locker.keys()).toEqual([])
  expect(saved).toEqual(['a'])
})

test('what did not arrive waits and is sent again under the same id', async () => {
  const { box, post } = outbox(unreachable, unreachable, 'ok')
  expect(await box.add(glass)).toEqual({ problem: unreachable, waiting: true })
  expect(box.waiting).toHaveLength(1)
  await vi.advanceTimersByTimeAsync(1_000 + 2_000)
  expect(post.mock.calls.map(([entry]) => entry)).toEqual([glass, glass, glass])
  expect(box.pending).toHaveLength(0)
  expect(saved).toEqual(['a'])
})

test('what is refused is given back and not kept', async () => {
  const { box, post } = outbox(refused)
  expect(await box.add(glass)).toEqual({ problem: refused, waiting: false })
  expect(locker.keys()).toEqual([])
  await vi.runAllTimersAsync()
  expect(post).toHaveBeenCalledTimes(1)
})

test('a new page sends what the last one left behind', async () => {
  await outbox(unreachable).box.add(glass)
  vi.clearAllTimers()
  const { box } = outbox('ok')
  expect(box.waiting.map((item) => item.entry)).toEqual([glass])
  const stop = box.start()
  await vi.runAllTimersAsync()
  stop()
  expect(box.pending).toHaveLength(0)
  expect(saved).toEqual(['a'])
})

test('what the server tells of has arrived, though its answer was lost', async () => {
  const { box, post } = outbox(unreachable)
  await box.add(glass)
  box.arrived('another')
  expect(box.waiting).toHaveLength(1)
  box.arrived('a')
  expect(box.pending).toHaveLength(0)
  expect(locker.keys()).toEqual([])
  await vi.runAllTimersAsync()
  expect(post).toHaveBeenCalledTimes(1)
})

test('an expired session keeps the entry and does not knock again', async () => {
  const { box, post } = outbox(new ApiError(401, {}))
  expect(await box.add(glass)).toMatchObject({ waiting: true })
  await vi.runAllTimersAsync()
  expect(post).toHaveBeenCalledTimes(1)
  expect(locker.keys('pending:')).toEqual(['pending:a'])
})

test('the server is not asked again sooner than it wishes', async () => {
  const { box, post } = outbox(new ApiError(503, {}, 20_000), 'ok')
  await box.add(glass)
  await vi.advanceTimersByTimeAsync(19_000)
  expect(post).toHaveBeenCalledTimes(1)
  await vi.advanceTimersByTimeAsync(1_000)
  expect(post).toHaveBeenCalledTimes(2)
})
