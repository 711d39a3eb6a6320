import { expect, test } from 'vitest'
import { budgetOf } from './budgets'

test.each([
  ['POST', 'auth/login', 'auth'],
  ['POST', 'auth/token', 'auth'],
  ['POST', 'auth/logout', 'general'],
  ['POST', 'auth/register', 'registration'],
  ['GET', 'admin/users', 'admin'],
  ['POST', 'entries', 'log'],
  ['PATCH', 'entries/7', 'log'],
  ['DELETE', 'entries/7', 'log'],
  ['POST', 'entries/7/restore', 'log'],
  ['POST', 'entries/7/versions/2/restore', 'log'],
  ['GET', 'entries/7', 'general'],
  ['GET', 'entries/7/versions', 'general'],
  ['POST', 'entries/rewind', 'general'],
  ['POST', 'entries/recompute', 'general'],
  ['PATCH', 'me', 'general'],
  ['POST', 'people/entries/restore', 'general'],
])('%s %s counts in %s', (method, path, budget) => {
  expect(budgetOf(method, `/api/v1/${path}`)).toBe(budget)
})
