import { expect, test } from 'vitest'
import { ApiError } from '../../api/error'
import { lastAdminWords, stateWords } from './words'

const NOW = Date.parse('2026-11-25T10:00:00Z')

test.each([
  [false, null, 'Active'],
  [false, '2026-11-25T10:30:00.000Z', 'Locked'],
  [false, '2026-11-25T09:30:00.000Z', 'Active'],
  [true, '2026-11-25T10:30:00.000Z', 'Disabled'],
])('disabled %s, locked until %s: %s', (disabled, locked_until, words) => {
  expect(stateWords({ disabled, locked_until }, NOW)).toBe(words)
})

test('the last admin is explained, anything else is left to others', () => {
  expect(lastAdminWords(new ApiError(409, { code: 'last_admin' }))).toContain('somebody else')
  expect(lastAdminWords(new ApiError(404, {}))).toBeNull()
})
