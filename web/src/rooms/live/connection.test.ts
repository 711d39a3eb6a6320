import { expect, test } from 'vitest'
import { connectionWords } from './connection'

const now = Date.parse('2026-11-24T12:00:00Z')

test.each([
  ['live', true, 30_000, 'Live'],
  ['live', false, 30_000, 'Live'],
  ['polling', true, 30_000, 'Updating every 30 s'],
  ['lost', true, 30_000, 'Reconnecting, last heard just now'],
  ['lost', false, 180_000, 'Offline, last heard 3 min ago'],
] as const)('%s, online %s, heard %d ms ago: %s', (health, online, past, words) => {
  const { state, since } = connectionWords(health, online, now - past, now)
  expect(state + since).toBe(words)
})

test('says nothing of an answer that never came', () => {
  expect(connectionWords('connecting', true, 0, now)).toEqual({ state: 'Connecting', since: '' })
  expect(connectionWords('lost', false, 0, now)).toEqual({ state: 'Offline', since: '' })
})
