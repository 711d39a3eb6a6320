// @vitest-environment jsdom
import { beforeEach, expect, test } from 'vitest'
import { keeping } from './keeping.svelte'
import { Locker } from './locker'

beforeEach(() => {
  localStorage.clear()
})

test('keeps a value for its owner alone', () => {
  new Locker(localStorage, 'ada').set('draft:entry', { note: 'walked' })
  expect(new Locker(localStorage, 'ada').get('draft:entry')).toEqual({ note: 'walked' })
  expect(new Locker(localStorage, 'ad').get('draft:entry')).toBeUndefined()
  expect(new Locker(localStorage, 'bob').keys()).toEqual([])
})

test('lists keys by their beginning', () => {
  const locker = new Locker(localStorage, 'ada')
  for (const key of ['pending:2', 'draft:x', 'pending:1']) locker.set(key, 1)
  expect(locker.keys('pending:')).toEqual(['pending:1', 'pending:2'])
})

test('clearing leaves what belongs to others', () => {
  const ada = new Locker(localStorage, 'ada')
  const bob = new Locker(localStorage, 'bob')
  ada.set('a', 1)
  bob.set('a', 2)
  localStorage.setItem('theme', 'dark')
  ada.clear()
  expect(ada.keys()).toEqual([])
  expect(bob.get('a')).toBe(2)
  expect(localStorage.getItem('theme')).toBe('dark')
})

test('what cannot be read counts as absent', () => {
  localStorage.setItem('kept:ada:a', '{"half')
  expect(new Locker(localStorage, 'ada').get('a')).toBeUndefined()
})

test('works without storage', () => {
  const refuse = () => {
    throw new DOMException('no', 'SecurityError')
  }
  const locker = new Locker({ getItem: refuse, setItem: refuse, removeItem: refuse }, 'ada')
  locker.set('a', 1)
  expect(locker.get('a')).toBeUndefined()
  locker.clear()
})

test('what a browser takes and does not keep is not said to be kept', () => {
  const shelf = { getItem: () => null, setItem: () => undefined, removeItem: () => undefined }
  expect(new Locker(shelf, 'ada').set('a', 1)).toBe(false)
  expect(keeping.fails).toBe(true)
  expect(new Locker(localStorage, 'ada').set('a', 1)).toBe(true)
  expect(keeping.fails).toBe(false)
})
