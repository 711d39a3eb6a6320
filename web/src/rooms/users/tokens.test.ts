import { expect, test } from 'vitest'
import { emptyForm, readForm, scopesFor } from './tokens'

const NOW = Date.parse('2026-11-25T10:00:00Z')

test('a token ends so many days from now', () => {
  expect(readForm({ name: ' kitchen ', scopes: ['log:water'], days: '365' }, NOW)).toEqual({
    token: { name: 'kitchen', scopes: ['log:water'], expires_at: '2027-11-25T10:00:00.000Z' },
  })
})

test('a token has a name and may do something', () => {
  expect(readForm({ ...emptyForm(), scopes: [] }, NOW)).toEqual({
    wrong: {
      name: 'Type a name by which you know it again.',
      scopes: 'Choose at least one thing it may do.',
    },
  })
})

test('a viewer is offered no scope for logging', () => {
  expect(scopesFor('viewer')).toEqual(['read'])
  expect(scopesFor('admin')).toContain('log:altitude')
})
