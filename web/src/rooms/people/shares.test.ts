// @vitest-environment jsdom
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { api } from '../../api/client'
import type { Share } from '../../api/types'
import { Shares } from './shares.svelte'

const share: Share = {
  username: 'alex',
  display_name: 'Alex',
  state: 'approved',
  water: 'exact',
  altitude: 'exact',
  history: true,
  export: false,
  until: null,
  requested_at: null,
  since: '2026-11-01T10:00:00.000Z',
  last_looked_at: null,
  watching: false,
}

/** Whether the server answers. */
let up: boolean
let asked: number

beforeEach(() => {
  vi.useFakeTimers()
  up = true
  asked = 0
  vi.spyOn(api, 'GET').mockImplementation((() => {
    asked += 1
    if (!up) return Promise.reject(new Error('no answer'))
    return Promise.resolve({
      data: { items: [share], next_cursor: null },
      response: new Response(),
    })
  }) as never)
})

afterEach(() => {
  vi.useRealTimers()
  vi.restoreAllMocks()
})

test('a list that could not be loaded is not asked for with every share that is heard of', async () => {
  const shares = new Shares()
  up = false
  shares.changed(share)
  await vi.advanceTimersByTimeAsync(0)
  expect([asked, shares.list.value]).toEqual([1, undefined])
  for (let times = 0; times < 50; times += 1) shares.changed({ ...share, watching: true })
  expect(asked).toBe(1)

  // The list is asked for again by itself.
  up = true
  await vi.advanceTimersByTimeAsync(60_000)
  expect([asked, shares.list.value]).toEqual([2, [share]])
  shares.list.stop()
})

test('a share that is heard of is put into the list without asking', async () => {
  const shares = new Shares()
  await shares.list.load()
  shares.changed({ ...share, username: 'aaron' })
  shares.changed({ ...share, watching: true })
  expect(shares.list.value).toMatchObject([{ username: 'aaron' }, { watching: true }])
  expect(asked).toBe(1)
})
