import { expect, test, vi } from 'vitest'
import { ApiError } from './error'
import { Paged, type PageOf } from './paged.svelte'

/** A list whose server gives these answers, one after the other. */
function list(...answers: (PageOf<number> | ApiError)[]) {
  const fetch = vi.fn((cursor?: string) => {
    const answer = answers.shift()
    if (!answer) throw new Error(`asked once too often, at ${String(cursor)}`)
    return answer instanceof ApiError ? Promise.reject(answer) : Promise.resolve(answer)
  })
  return { paged: new Paged(fetch), fetch }
}

test('pages follow one another until the last', async () => {
  const { paged, fetch } = list(
    { items: [5, 4], next_cursor: 'a' },
    { items: [3], next_cursor: null },
  )
  expect(paged.items).toBeUndefined()
  await paged.first.load()
  expect(paged.more).toBe(true)
  await paged.loadMore()
  expect(paged.items).toEqual([5, 4, 3])
  expect(paged.more).toBe(false)
  await paged.loadMore()
  expect(fetch.mock.calls).toEqual([[], ['a']])
})

test('a page that does not come leaves what is there, and can be asked for again', async () => {
  const { paged } = list({ items: [2], next_cursor: 'a' }, new ApiError(400, {}), {
    items: [1],
    next_cursor: null,
  })
  await paged.first.load()
  await paged.loadMore()
  expect(paged.problem).toBeInstanceOf(ApiError)
  expect(paged.items).toEqual([2])
  await paged.loadMore()
  expect(paged.problem).toBeUndefined()
  expect(paged.items).toEqual([2, 1])
})

test('a change made while a page is on its way is not lost', async () => {
  const { paged } = list({ items: [3, 2], next_cursor: 'a' }, { items: [1], next_cursor: null })
  await paged.first.load()
  const coming = paged.loadMore()
  paged.change((items) => items.filter((item) => item !== 3))
  await coming
  expect(paged.items).toEqual([2, 1])
})

test('a page that comes after the list was loaded again is not put to its end', async () => {
  const firsts = [
    { items: [3, 2], next_cursor: 'a' },
    { items: [4, 3], next_cursor: 'b' },
  ]
  let arrive: (page: PageOf<number>) => void = () => undefined
  const later = new Promise<PageOf<number>>((resolve) => (arrive = resolve))
  const paged = new Paged((cursor) => (cursor ? later : Promise.resolve(firsts.shift()!)))
  await paged.first.load()
  const coming = paged.loadMore()
  await paged.first.load()
  arrive({ items: [1], next_cursor: null })
  await coming
  expect(paged.items).toEqual([4, 3])
  expect(paged.more).toBe(true)
})

test('a list that is loaded again takes in no page of the old one that comes meanwhile', async () => {
  const { paged } = list(
    { items: [3, 2], next_cursor: 'a' },
    { items: [1], next_cursor: null },
    { items: [4, 3], next_cursor: 'b' },
    { items: [4, 3], next_cursor: 'b' },
  )
  await paged.first.load()
  await Promise.all([paged.loadMore(), paged.first.load()])
  await vi.waitFor(() => {
    expect(paged.items).toEqual([4, 3])
  })
})
