// @vitest-environment jsdom
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { api } from '../../api/client'
import type { Entry } from '../../api/types'
import { History } from './history.svelte'

/** Entries by their minute: the larger, the newer. */
function entry(minute: number, metric: Entry['metric'] = 'water'): Entry {
  const at = `2026-11-24T08:${String(minute).padStart(2, '0')}:00.000Z`
  const rest = { note: null, tags: [], created_at: at, updated_at: at }
  return { id: String(minute), metric, value: 5, at, day: at.slice(0, 10), ...rest }
}
interface Answer {
  items: Entry[]
  next_cursor: string | null
}

interface Asked {
  params: { query: { cursor?: string; limit: number } }
}

let asked: string[]
let pages: Record<string, Answer | (() => Answer)>

beforeEach(() => {
  asked = []
  vi.spyOn(api, 'GET').mockImplementation(((_: string, { params }: Asked) => {
    const cursor = params.query.cursor ?? 'first'
    asked.push(cursor)
    const page = pages[cursor]!
    const data = typeof page === 'function' ? page() : page
    return Promise.resolve({ data, response: new Response() })
  }) as never)
})
afterEach(() => {
  vi.restoreAllMocks()
})

const minutes = ({ entries }: History) => entries.map(({ id }) => Number(id))

test('an entry that the server tells of is put in its place, changed and taken out', async () => {
  pages = { first: { items: [entry(30), entry(10)], next_cursor: null } }
  const history = new History('ada')
  await history.first.load()
  history.entry('20', entry(20))
  history.entry('20', entry(20))
  history.entry('30', null)
  expect(minutes(history)).toEqual([20, 10])
})

test('a filter holds for what the server tells as well', async () => {
  pages = { first: { items: [], next_cursor: null } }
  const history = new History('ada', 'altitude')
  await history.first.load()
  history.entry('20', entry(20))
  history.entry('21', entry(21, 'altitude'))
  expect(minutes(history)).toEqual([21])
})

test('loading again brings as much as was shown', async () => {
  pages = {
    first: { items: [entry(30), entry(20)], next_cursor: 'a' },
    a: { items: [entry(10)], next_cursor: 'b' },
    b: { items: [entry(5)], next_cursor: null },
  }
  const history = new History('ada')
  await history.first.load()
  await history.older()
  asked = []
  pages.first = { items: [entry(40), entry(30)], next_cursor: 'a2' }
  pages.a2 = { items: [entry(20), entry(10)], next_cursor: 'b' }
  history.stale()
  await vi.waitFor(() => {
    expect(minutes(history)).toEqual([40, 30, 20, 10])
  })
  expect(asked).toEqual(['first', 'a2'])
  expect(history.more).toBe(true)
})

test('a page that was on its way during a change is asked for again', async () => {
  const history = new History('ada')
  let told = false
  pages = {
    first: { items: [entry(30)], next_cursor: 'a' },
    a: () => {
      if (told) return { items: [entry(10)], next_cursor: null }
      told = true
      history.entry('20', null)
      return { items: [entry(20), entry(10)], next_cursor: null }
    },
  }
  await history.first.load()
  await history.older()
  expect(asked).toEqual(['first', 'a', 'a'])
  expect(minutes(history)).toEqual([30, 10])
})

test('a year is read to its end in few requests, none of them twice', async () => {
  const YEAR = 2_800
  const all = Array.from({ length: YEAR }, (_, n) => ({ ...entry(10), id: String(YEAR - n) }))
  vi.mocked(api.GET).mockImplementation(((_: string, { params }: Asked) => {
    const { cursor = '0', limit } = params.query
    asked.push(cursor)
    const from = Number(cursor)
    const items = all.slice(from, from + limit)
    const next_cursor = from + limit < YEAR ? String(from + limit) : null
    return Promise.resolve({ data: { items, next_cursor }, response: new Response() })
  }) as never)
  const history = new History('ada')
  await history.first.load()
  while (history.more) await history.older()
  expect(history.entries).toHaveLength(YEAR)
  expect(asked).toHaveLength(8)
  expect(new Set(asked).size).toBe(8)
  // Entries that the stream reported are not fetched again, and reloading everything costs no more.
  history.entry('2801', { ...entry(11), id: '2801' })
  expect(asked).toHaveLength(8)
  asked = []
  history.stale()
  await vi.waitFor(() => {
    expect(history.first.loading).toBe(false)
  })
  expect(minutes(history)).toHaveLength(YEAR)
  expect(asked.length).toBeLessThanOrEqual(6)
})
