import { readFileSync } from 'node:fs'
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
  expect(what).toBe('The server is under maintenance.')
  expect(next).toContain('You can read everything')
  expect(next).toContain('in 2 minutes')
  expect(explainSignIn(new ApiError(503, { code: 'maintenance' }))).toContain('only its admins')
})

test('a change without an answer may have been made', () => {
  expect(refusalWords(new ApiError(504, {}))).toBe(
    'The server cannot be reached. It may have been changed all the same.',
  )
  expect(refusalWords(new ApiError(409, { code: 'username_taken', detail: 'Choose `x`.' }))).toBe(
    'This username is taken. Choose another one. Nothing was changed.',
  )
})

/** Names of fields, routes, codes and settings, as they occur in texts for programs. */
const FOR_PROGRAMS = /[`{}<>_]|\b(GET|POST|PATCH|PUT|DELETE|JSON|HTTP|errors|422)\b/
const document = readFileSync(new URL('../../../openapi/openapi.json', import.meta.url), 'utf8')
const { components } = JSON.parse(document) as {
  components: { schemas: { ProblemCode: { enum: string[] } } }
}
const codes = components.schemas.ProblemCode.enum

test.each(codes)('%s is told in words for people', (code) => {
  const detail = 'Look at `errors`, correct the named fields and send it again.'
  for (const status of [400, 401, 403, 404, 405, 408, 409, 413, 415, 421, 422, 423, 431]) {
    const problem = new ApiError(status, { code, detail, title: 'Title' })
    const said = [explain(problem).what, explain(problem).next, refusalWords(problem)]
    if (!['locked', 'penalised', 'rate_limited'].includes(code))
      said.push(explainSignIn(new ApiError(status, { code, detail: '' })))
    for (const words of said) {
      expect(words).not.toMatch(FOR_PROGRAMS)
      expect(words).not.toContain('Title')
      expect(words).toMatch(/^[A-Z].*[.]$/s)
    }
  }
})

test('a code that this page does not know is told by its kind', () => {
  for (const status of [400, 401, 403, 404, 409, 418, 422]) {
    const { what } = explain(new ApiError(status, { code: 'brand_new', detail: 'Use `PATCH /x`.' }))
    expect(what).toMatch(/^[A-Z][^`_]*\.$/)
  }
})

test('a mistake in a field is told without the words of programs', () => {
  const errors = [
    { field: 'value', code: 'range', message: 'has to be from 1 to 5000 ml' },
    {
      field: 'until',
      code: 'past',
      message: 'has to lie ahead; to end it now, set `state` to `ended`',
    },
    { field: 'water', code: 'choice', message: 'unknown variant `x`, expected one of `exact`' },
    { field: 'name', code: 'length', message: 'has to have 1 to 64 characters' },
    { field: 'x', code: 'type', message: 'invalid type: string, expected i32' },
  ]
  const words = new ApiError(422, { code: 'invalid', errors }).fields
  expect(words.name).toBe('has to have 1 to 64 characters')
  expect(words.value).toBe('has to be within the limits')
  for (const field of ['until', 'water', 'x']) {
    expect(words[field]).toMatch(/^This (is|does)/)
  }
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
  expect(explainSignIn(new ApiError(422, { code: 'invalid' }))).toBe(
    'Something in it does not fit.',
  )
})
