import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { Toasts } from './toasts.svelte'

let toasts: Toasts
beforeEach(() => {
  vi.useFakeTimers()
  toasts = new Toasts()
})
afterEach(() => {
  vi.useRealTimers()
})
const texts = () => toasts.items.map((toast) => toast.text)

test('a toast goes after six seconds', () => {
  toasts.show('250 ml logged')
  vi.advanceTimersByTime(5_900)
  expect(texts()).toEqual(['250 ml logged'])
  vi.advanceTimersByTime(100)
  expect(texts()).toEqual([])
  expect(vi.getTimerCount()).toBe(0)
})

test('it waits while somebody looks at it', () => {
  toasts.show('250 ml logged')
  vi.advanceTimersByTime(5_000)
  toasts.pause(true)
  vi.advanceTimersByTime(60_000)
  toasts.pause(false)
  vi.advanceTimersByTime(900)
  expect(texts()).toHaveLength(1)
  vi.advanceTimersByTime(100)
  expect(texts()).toHaveLength(0)
})

test('one at a time, and each for as long as any', () => {
  toasts.show('a')
  vi.advanceTimersByTime(5_000)
  toasts.show('b')
  expect(texts()).toEqual(['b'])
  vi.advanceTimersByTime(5_900)
  expect(texts()).toEqual(['b'])
  vi.advanceTimersByTime(100)
  expect(texts()).toEqual([])
})

test('undo is done once and takes its toast away', () => {
  const run = vi.fn()
  toasts.show('logged', { label: 'Undo', run })
  expect(toasts.actOnLast()).toBe(true)
  expect(toasts.actOnLast()).toBe(false)
  expect(run).toHaveBeenCalledTimes(1)
  expect(texts()).toEqual([])
  toasts.show('nothing to do about this one')
  expect(toasts.actOnLast()).toBe(false)
  expect(texts()).toHaveLength(1)
})
