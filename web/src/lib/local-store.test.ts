// @vitest-environment jsdom
import { beforeEach, expect, test } from 'vitest'
import { keeping } from '../api/keeping.svelte'
import { LocalStore } from './local-store'

beforeEach(() => {
  localStorage.clear()
})

test('stores a value for its owner alone', () => {
  new LocalStore(localStorage, 'ada').set('draft:entry', { note: 'walked' })
  expect(new LocalStore(localStorage, 'ada').get('draft:entry')).toEqual({ note: 'walked' })
  expect(new LocalStore(localStorage, 'ad').get('draft:entry')).toBeUndefined()
  expect(new LocalStore(localStorage, 'bob').keys()).toEqual([])
})

test('lists keys by their beginning', () => {
  const store = new LocalStore(localStorage, 'ada')
  for (const key of ['pending:2', 'draft:x', 'pending:1']) store.set(key, 1)
  expect(store.keys('pending:')).toEqual(['pending:1', 'pending:2'])
})

test('clearing leaves what belongs to others', () => {
  const ada = new LocalStore(localStorage, 'ada')
  const bob = new LocalStore(localStorage, 'bob')
  ada.set('a', 1)
  bob.set('a', 2)
  localStorage.setItem('theme', 'dark')
  ada.clear()
  expect(ada.keys()).toEqual([])
  expect(bob.get('a')).toBe(2)
  expect(localStorage.getItem('theme')).toBe('dark')
})

test('a value that cannot be read counts as absent', () => {
  localStorage.setItem('kept:ada:a', '{"half')
  expect(new LocalStore(localStorage, 'ada').get('a')).toBeUndefined()
})

test('works without storage', () => {
  const refuse = () => {
    throw new DOMException('no', 'SecurityError')
  }
  const store = new LocalStore({ getItem: refuse, setItem: refuse, removeItem: refuse }, 'ada')
  store.set('a', 1)
  expect(store.get('a')).toBeUndefined()
  store.clear()
})

test('a value that a browser accepts and does not store is not reported as stored', () => {
  const shelf = { getItem: () => null, setItem: () => undefined, removeItem: () => undefined }
  expect(new LocalStore(shelf, 'ada').set('a', 1)).toBe(false)
  expect(keeping.fails).toBe(true)
  expect(new LocalStore(localStorage, 'ada').set('a', 1)).toBe(true)
  expect(keeping.fails).toBe(false)
})
