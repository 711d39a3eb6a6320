import { expect, test, vi } from 'vitest'
import { fetchAllPages } from './fetch-all-pages'

test('every page is asked for, each with what the one before it gave', async () => {
  const pages = [
    { items: [1, 2], next_cursor: 'a' },
    { items: [3], next_cursor: null },
  ]
  const fetch = vi.fn(() => Promise.resolve(pages.shift()!))
  expect(await fetchAllPages(fetch)).toEqual([1, 2, 3])
  expect(fetch.mock.calls).toEqual([[{ limit: 500 }], [{ limit: 500, cursor: 'a' }]])
})
