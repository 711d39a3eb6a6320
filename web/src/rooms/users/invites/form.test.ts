import { expect, test } from 'vitest'
import { emptyForm, readForm } from './form'

const NOW = Date.parse('2026-11-25T10:00:00Z')

test('an invitation ends so many days from now', () => {
  expect(readForm({ role: 'admin', days: '30', uses: ' 3 ' }, NOW)).toEqual({
    invite: { role: 'admin', max_uses: 3, expires_at: '2026-12-25T10:00:00.000Z' },
  })
})

test.each(['', '0', '101', '-1', '1.5', 'two', '1e2'])('%j is no number of uses', (uses) => {
  expect(readForm({ ...emptyForm(), uses }, NOW)).toEqual({
    wrong: { max_uses: 'Type a number from 1 to 100.' },
  })
})
