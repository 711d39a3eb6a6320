import { expect, test } from 'vitest'
import { ApiError } from '../api/error'
import { explain } from './explain'

test.each([0, 502, 504])('%d is a server that cannot be reached', (status) => {
  expect(explain(new ApiError(status, {})).what).toBe('The server cannot be reached.')
})

test.each([
  [0, 'in a moment'],
  [60_000, 'in a minute'],
  [61_000, 'in 2 minutes'],
])('a wait of %d ms is told as %s', (wait, words) => {
  expect(explain(new ApiError(429, {}, wait)).next).toContain(words)
})

test('what the server says about a bad request is passed on', () => {
  expect(explain(new ApiError(404, { detail: 'There is no such person.' }))).toEqual({
    what: 'There is no such person.',
    next: 'Nothing was changed.',
  })
})
