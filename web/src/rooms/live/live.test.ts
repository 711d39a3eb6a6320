// @vitest-environment jsdom
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { api } from '../../api/client'
import type { PersonView, Status } from '../../api/types'
import { ApiError } from '../../api/error'
import { Stream, type Source } from '../../api/stream.svelte'
import { session } from '../auth/session.svelte'
import { Live } from './live.svelte'
import { People } from './people.svelte'

vi.mock('../../api/stream.svelte', () => ({ Stream: vi.fn() }))

function status(today_ml: number | null): Status {
  return {
    person: { username: 'ada', display_name: 'Ada', time_zone: 'UTC' },
    day: '2026-11-24',
    water: { last_at: null, last_ml: null, today_ml, goal_ml: 2000 },
    altitude: { value: null, at: null },
    freshness: 'fresh',
    updated_at: '2026-11-24T08:00:00.000Z',
  }
}

function view(today_ml: number | null, water: 'exact' | 'logged' = 'exact'): PersonView {
  const { person } = status(0)
  const granted = { water, altitude: 'exact', history: true, export: false, until: null } as const
  return { person, access: 'watching', granted, status: status(today_ml) }
}

let source: Source
let people: People
let live: Live
let told: string[]
/** The server's answers to the next requests for the list; without any it does not answer. */
let lists: PersonView[][]

const hear = (type: string, data: unknown) => {
  source.event({ id: 'x', type, data })
}
const total = () => people.find('ada')?.status?.water.today_ml
const settled = () => new Promise((done) => setTimeout(done))

beforeEach(() => {
  vi.mocked(Stream).mockImplementation(function (this: Stream, given: Source) {
    source = given
    this.start = () => () => undefined
  })
  lists = []
  vi.spyOn(api, 'GET').mockImplementation((() => {
    const items = lists.shift()
    if (!items) return Promise.reject(new Error('nobody answers'))
    return Promise.resolve({ data: { items, next_cursor: null }, response: new Response() })
  }) as never)
  people = new People()
  people.list.set([view(0)])
  live = new Live(people)
  told = []
  live.listen({
    entry: (id, entry) => told.push(entry ? `entry ${id}` : `gone ${id}`),
    stale: () => told.push('stale'),
  })
})
afterEach(() => {
  people.list.stop()
  vi.restoreAllMocks()
})

test('the first status makes what was loaded before it stale, if it differs; later ones follow events', () => {
  live.follow('ada')
  hear('status', status(0))
  expect(told).toEqual([])
  live.follow('ada')
  hear('status', status(250))
  expect([total(), told]).toEqual([250, ['stale']])
  hear('entry', { id: 'a', deleted: false, entry: {} })
  hear('entry', { id: 'b', deleted: true, entry: null })
  hear('status', status(500))
  expect([total(), told]).toEqual([500, ['stale', 'entry a', 'gone b']])
})

test('the first status makes stale what was loaded where there was no status before', () => {
  people.list.set(undefined)
  live.follow('ada')
  hear('status', status(0))
  hear('status', status(0))
  expect(told).toEqual(['stale'])
})

test('a share and its numbers change together', async () => {
  live.follow('ada')
  hear('status', status(250))
  told = []
  lists = [[view(null, 'logged')]]
  hear('reset', {})
  hear('status', status(null))
  expect(total()).toBe(250)
  await settled()
  expect([total(), told]).toEqual([null, ['stale']])
  expect(people.find('ada')?.granted?.water).toBe('logged')
})

test('a reset is followed by the truth, though the list cannot be loaded', async () => {
  live.follow('ada')
  hear('reset', {})
  hear('status', status(null))
  await settled()
  expect(total()).toBe(null)
})

test('a viewer who may no longer watch is told so, and the list is loaded again', async () => {
  live.follow('ada')
  lists = [[]]
  hear('revoked', { reason: 'share' })
  expect(people.find('ada')?.status).toBe(null)
  await settled()
  expect(people.list.value).toEqual([])
  expect(people.gone).toEqual({ ada: 'Ada' })
})

test('a stream that is not found is a share that ended; one that is full is not', () => {
  live.follow('ada')
  lists = [[]]
  expect(source.refused(new ApiError(429, {}))).toBe(false)
  expect(people.gone).toEqual({})
  expect(source.refused(new ApiError(404, {}))).toBe(true)
  expect(people.gone).toEqual({ ada: 'Ada' })
})

test('a session that ended is asked about', () => {
  const load = vi.spyOn(session, 'load').mockResolvedValue()
  live.follow(undefined)
  hear('revoked', { reason: 'session' })
  expect(load).toHaveBeenCalledOnce()
})

test('preferences and shares of another device go where they belong', () => {
  const update = vi.spyOn(session, 'update').mockReturnValue()
  const shares: unknown[] = []
  const stopListening = live.onShare({
    share: (share) => shares.push(share),
    stale: () => undefined,
  })
  live.follow('ada')
  hear('me', { unit: 'fl_oz' })
  hear('share', { username: 'alex' })
  stopListening()
  hear('share', { username: 'kim' })
  expect(update).toHaveBeenCalledWith({ unit: 'fl_oz' })
  expect(shares).toEqual([{ username: 'alex' }])
})

test('the list of viewers is loaded again with the first status, after a reset, and at every other poll', async () => {
  let stale = 0
  live.onShare({ share: () => undefined, stale: () => (stale += 1) })
  live.follow('ada')
  hear('status', status(0))
  hear('status', status(100))
  expect(stale).toBe(1)
  hear('reset', {})
  expect(stale).toBe(2)
  lists = [[view(0)], [view(0)], [view(0)]]
  for (let poll = 0; poll < 3; poll += 1) await source.poll()
  expect(stale).toBe(4)
})

test('every other poll finds changes that no status shows, like that of a note', async () => {
  live.follow('ada')
  lists = Array.from({ length: 4 }, () => [view(0)])
  const found = []
  for (let poll = 0; poll < 4; poll += 1) {
    await source.poll()
    found.push(told.splice(0).length)
  }
  expect(found).toEqual([0, 1, 0, 1])
})

test('the list of people is replaced, and loaded where it is longer than an event', async () => {
  live.follow(undefined)
  hear('people', { items: [view(100)], next_cursor: null })
  expect(total()).toBe(100)
  lists = [[view(200), view(300)]]
  hear('people', { items: [view(150)], next_cursor: 'more' })
  await settled()
  expect(people.list.value).toHaveLength(2)
})

test('polling finds changes, also those that a narrowed status does not show', async () => {
  live.follow('ada')
  lists = [[view(0)], [view(100)], [view(null, 'logged')], [view(null, 'logged')], []]
  const polls = async () => [await source.poll(), told.splice(0)]
  expect(await polls()).toEqual([true, []])
  expect(await polls()).toEqual([true, ['stale']])
  expect(await polls()).toEqual([true, ['stale']])
  expect(await polls()).toEqual([true, ['stale']])
  expect(await polls()).toEqual([true, []])
  expect(people.gone).toEqual({ ada: 'Ada' })
  expect(await polls()).toEqual([false, []])
})
