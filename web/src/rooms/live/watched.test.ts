// @vitest-environment jsdom
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { api } from '../../api/client'
import type { Entry, Status } from '../../api/types'
import { Watched } from './watched.svelte'

interface Asked {
  params: { query: { from: string } }
}

const day = '2026-11-24'
const status: Status = {
  person: { username: 'ada', display_name: 'Ada', time_zone: 'UTC' },
  day,
  water: { last_at: null, last_ml: null, today_ml: 0, goal_ml: 2000 },
  altitude: { value: null, at: null },
  freshness: 'never',
  updated_at: null,
}

function glass(id: string, value: number, version = 1): Entry {
  const at = `${day}T08:00:00.000Z`
  const updated_at = `${day}T08:00:0${version}.000Z`
  return { id, metric: 'water', value, at, day, note: null, tags: [], created_at: at, updated_at }
}

function watched(own: boolean, entries: Entry[] = []): Watched {
  const watched = new Watched(status, own)
  watched.today.set(entries)
  return watched
}
const total = ({ status }: Watched) => status.water.today_ml
const ids = ({ today }: Watched) => today.value?.map(({ id }) => id).join('')

/** The first day of each request for entries. */
let asked: unknown[]
beforeEach(() => {
  asked = []
  vi.spyOn(api, 'GET').mockImplementation(((_: string, init: Asked) => {
    asked.push(init.params.query.from)
    const data = { items: [], next_cursor: null }
    return Promise.resolve({ data, response: new Response() })
  }) as never)
})
afterEach(() => {
  vi.restoreAllMocks()
})

test('an own glass counts once, whether its answer or its event comes first', () => {
  const first = watched(true)
  first.saved(glass('a', 250))
  first.entry('a', glass('a', 250))
  expect([total(first), ids(first)]).toEqual([250, 'a'])

  const second = watched(true)
  second.entry('a', glass('a', 250))
  expect(total(second)).toBe(250)
  second.saved(glass('a', 250))
  expect([total(second), ids(second)]).toEqual([250, 'a'])
})

test('a change counts once, and an older version changes nothing', () => {
  const one = watched(true)
  one.saved(glass('a', 250))
  one.saved(glass('a', 400, 2), glass('a', 250))
  one.entry('a', glass('a', 400, 2))
  one.entry('a', glass('a', 250))
  expect([total(one), one.today.value?.[0]?.value]).toEqual([400, 400])
})

test('an entry that the status of the server counts already is put into the day only', () => {
  const one = watched(true)
  const { updated_at } = glass('a', 250)
  one.updateStatus({ ...status, water: { ...status.water, today_ml: 250 }, updated_at })
  one.saved(glass('a', 250))
  expect([total(one), ids(one)]).toEqual([250, 'a'])
  one.saved(glass('b', 100, 2))
  expect([total(one), ids(one)]).toEqual([350, 'ba'])
  one.updateStatus({
    ...one.status,
    water: { ...status.water, today_ml: 500 },
    updated_at: glass('a', 0, 3).updated_at,
  })
  one.saved(glass('a', 400, 3), glass('a', 250))
  expect([total(one), one.today.value?.find(({ id }) => id === 'a')?.value]).toEqual([500, 400])
})

test('a day that was given is not asked for when it is shown, and is once it may be out of date', () => {
  const one = new Watched(status, true, [glass('a', 250)])
  const stop = one.start()
  expect([ids(one), asked]).toEqual(['a', []])
  one.stale()
  expect(asked).toEqual([day])
  stop()
})

test('a deleted entry is taken away once', () => {
  const one = watched(true)
  one.saved(glass('a', 250))
  one.saved(glass('b', 100))
  one.removed(glass('a', 250))
  one.entry('a', null)
  one.entry('unknown', null)
  expect([total(one), ids(one)]).toEqual([100, 'b'])
})

test('of somebody else the status is for the server to tell', () => {
  const one = watched(false)
  one.entry('a', glass('a', 250))
  expect([total(one), ids(one)]).toEqual([0, 'a'])
})

test('a band that changed is taken in, though nothing says when', () => {
  const logged = { ...glass('a', 0), value: null }
  const one = watched(false, [{ ...logged, band: 'low' }])
  one.entry('a', { ...logged, band: 'high' })
  expect(one.today.value?.[0]?.band).toBe('high')
})

test('a new day is loaded', async () => {
  const one = watched(false)
  one.updateStatus({ ...status, day: '2026-11-25' })
  expect(asked).toEqual([])
  const stop = one.start()
  await vi.waitFor(() => {
    expect(one.today.loading).toBe(false)
  })
  one.updateStatus({ ...status, day: '2026-11-26' })
  expect(asked).toEqual(['2026-11-25', '2026-11-26'])
  stop()
})

test('an event that comes while the day is on its way is not overtaken by it', async () => {
  const one = watched(false)
  const stop = one.start()
  one.entry('a', glass('a', 250))
  expect(asked).toHaveLength(2)
  await vi.waitFor(() => {
    expect(one.today.loading).toBe(false)
  })
  stop()
})

test('a glass that a list brings before the status counts once, whatever comes next', async () => {
  const old = { ...status, updated_at: `${day}T07:00:00.000Z` }
  const listed = { ...glass('a', 250), created_at: `${day}T08:00:01.000Z` }
  vi.spyOn(api, 'GET').mockImplementation((() =>
    Promise.resolve({
      data: { items: [listed], next_cursor: null },
      response: new Response('{}'),
    })) as never)
  const one = new Watched(old, true)
  one.updateStatus(old)
  const stop = one.start()
  await vi.waitFor(() => {
    expect(ids(one)).toBe('a')
  })
  expect(total(one)).toBe(250)
  one.saved(listed)
  expect(total(one)).toBe(250)
  // A status that was read before the glass, and one that was read after it.
  one.updateStatus({ ...old })
  expect(total(one)).toBe(250)
  const water = { ...old.water, today_ml: 250 }
  one.updateStatus({ ...old, water, updated_at: listed.updated_at })
  expect(total(one)).toBe(250)
  one.removed(listed)
  expect(total(one)).toBe(0)
  stop()
})

test('the glasses of somebody else are counted by the server alone', () => {
  const one = watched(false, [glass('a', 250)])
  one.updateStatus({ ...status })
  expect(total(one)).toBe(0)
})
