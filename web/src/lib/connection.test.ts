import { expect, test } from 'vitest'
import { connectionWords } from './connection'

const now = Date.parse('2026-11-24T12:00:00Z')

test.each([
  ['live', 30_000, 'Live'],
  ['live', 180_000, 'Updated 3 min ago'],
  ['reconnecting', 30_000, 'Reconnecting, last heard just now'],
  ['offline', 180_000, 'Offline, last heard 3 min ago'],
] as const)('%s, heard %d ms ago: %s', (connection, past, words) => {
  expect(connectionWords(connection, now - past, now)).toBe(words)
})

test('says nothing of an answer that never came', () => {
  expect(connectionWords('offline', 0, now)).toBe('Offline')
})
