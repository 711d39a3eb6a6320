// @vitest-environment jsdom
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { ApiError } from './error'
import { More } from './more.svelte'
import { reach } from './reach.svelte'

let fetched: number
let answers: (ApiError | 'ok')[]
let more: More

const pass = (ms: number) => vi.advanceTimersByTimeAsync(ms)

beforeEach(() => {
  vi.useFakeTimers()
  vi.spyOn(Math, 'random').mockReturnValue(1)
  fetched = 0
  answers = []
  more = new More(() => {
    fetched += 1
    const answer = answers.shift() ?? 'ok'
    return answer === 'ok' ? Promise.resolve() : Promise.reject(answer)
  })
})
afterEach(() => {
  more.stop()
  vi.useRealTimers()
  vi.restoreAllMocks()
})

test('where nobody answers, the page says so until it was tried again by itself', async () => {
  answers = [new ApiError(0, {}), new ApiError(504, {})]
  await more.load()
  expect(reach.silent).toBe(true)
  // Other requests are answered, and the next page is still missing.
  reach.heard()
  expect(reach.silent).toBe(true)
  await pass(1_000)
  expect([fetched, reach.silent]).toEqual([2, true])
  await pass(2_000)
  expect(fetched).toBe(3)
  expect(reach.silent).toBe(false)
  expect(more.problem).toBeUndefined()
})

test('a server that asks for a pause is heard, and asked when that is over', async () => {
  answers = [new ApiError(429, { code: 'rate_limited' }, 9_000)]
  await more.load()
  expect(reach.silent).toBe(false)
  await pass(8_999)
  expect(fetched).toBe(1)
  await pass(1)
  expect(fetched).toBe(2)
  expect(more.problem).toBeUndefined()
})

test('a page that is refused for good is not asked for by itself', async () => {
  answers = [new ApiError(400, { code: 'invalid_cursor' })]
  await more.load()
  await pass(120_000)
  expect(fetched).toBe(1)
  expect(more.problem?.code).toBe('invalid_cursor')
  await more.load()
  expect(more.problem).toBeUndefined()
})

test('once nobody looks, nothing is asked for and nothing is said', async () => {
  answers = [new ApiError(0, {}), new ApiError(0, {})]
  await more.load()
  more.stop()
  expect(reach.silent).toBe(false)
  await pass(120_000)
  expect(fetched).toBe(1)
})

test('one is asked for at a time', async () => {
  await Promise.all([more.load(), more.load()])
  expect(fetched).toBe(1)
})
