import { expect, test } from 'vitest'
import { ApiError } from '../api/error'
import { explain, explainSignIn, refusalWords } from './explain'

test.each([0, 502, 504])('%d is a server that cannot be reached', (status) => {
  expect(explain(new ApiError(status, {})).what).toBe('The server cannot be reached.')
})

test.each([
  [0, 'in a moment'],
  [60_000, 'in a minute'],
  [61_000, 'in 2 minutes'],
  [7_200_000, 'in 120 minutes'],
  [7_201_000, 'in 3 hours'],
])('a wait of %d ms is told as %s', (wait, words) => {
  expect(explain(new ApiError(429, {}, wait)).next).toContain(words)
})

test('maintenance is no mistake, and reading goes on', () => {
  const { what, next } = explain(new ApiError(503, { code: 'maintenance' }, 120_000))
  expect(what).toBe('The server is being looked after.')
  expect(next).toContain('You can read everything')
  expect(next).toContain('in 2 minutes')
  expect(explainSignIn(new ApiError(503, { code: 'maintenance' }))).toContain('only its admins')
})

test('a change without an answer may have been made', () => {
  expect(refusalWords(new ApiError(504, {}))).toBe(
    'The server cannot be reached. It may have been changed all the same.',
  )
  expect(refusalWords(new ApiError(409, { detail: 'It is taken.' }))).toBe(
    'It is taken. Nothing was changed.',
  )
})

test('what the server says about a bad request is passed on', () => {
  expect(explain(new ApiError(404, { detail: 'There is no such person.' }))).toEqual({
    what: 'There is no such person.',
    next: 'Nothing was changed.',
  })
})

test.each([
  [423, 'locked', 'Wait 30 minutes, or ask an admin to unlock it.', 'Too many sign-ins failed.'],
  [429, 'rate_limited', 'Nothing was changed. Try again in 40 seconds.', 'That was too often.'],
  [429, 'penalised', 'Try again in 8 minutes.', 'That was too often for too long.'],
])('a sign-in refused with %d says why and how long to wait', (status, code, detail, why) => {
  expect(explainSignIn(new ApiError(status, { code, detail }))).toBe(`${why} ${detail}`)
})

test('a sign-in that may work later says so, one that will not does not', () => {
  expect(explainSignIn(new ApiError(0, {}))).toContain('Try again in a moment.')
  expect(explainSignIn(new ApiError(429, {}))).toContain('Try again in a moment.')
  expect(explainSignIn(new ApiError(401, { code: 'invalid_credentials' }))).toContain(
    'do not match',
  )
  expect(explainSignIn(new ApiError(422, { detail: 'Type a name.' }))).toBe('Type a name.')
})
