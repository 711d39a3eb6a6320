// @vitest-environment jsdom
import { flushSync } from 'svelte'
import { beforeEach, expect, test, vi } from 'vitest'
import { Draft } from '../lib/draft'
import { LocalStore } from '../lib/local-store'
import { KeptForm } from './kept-form.svelte'
import { toasts } from './toasts.svelte'

interface Fields {
  name: string
  tags: string[]
}

const fresh = (): Fields => ({ name: '', tags: [] })
const ways = { onclose: vi.fn(), onreopen: vi.fn() }

beforeEach(() => {
  localStorage.clear()
  toasts.clear()
  vi.clearAllMocks()
})

function open(): KeptForm<Fields> {
  const store = new LocalStore(localStorage, 'ada')
  return new KeptForm(new Draft<Fields>(store, 'user'), fresh(), () => ways)
}

function type(form: KeptForm<Fields>, name: string): void {
  form.fields.name = name
  flushSync()
  form.keep()
}

test('a form that goes away with the page is found as it was', () => {
  type(open(), 'mum')
  const again = open()
  expect(again.fields).toEqual({ name: 'mum', tags: [] })
  expect(again.found).toBe(false)
})

test('a form that was closed says so, and is found with what was in it', () => {
  const form = open()
  type(form, 'mum')
  form.putAside()
  expect(ways.onclose).toHaveBeenCalledOnce()
  expect(toasts.items.map(({ text }) => text)).toEqual(['What you typed is kept.'])
  const again = open()
  expect(again.found).toBe(true)
  again.startAfresh()
  expect(again.fields).toEqual(fresh())
  expect(open().found).toBe(false)
})

test('throwing away can be undone', () => {
  const form = open()
  type(form, 'mum')
  form.throwAway()
  expect(open().fields).toEqual(fresh())
  toasts.actOnLast()
  expect(ways.onreopen).toHaveBeenCalledOnce()
  expect(open().fields.name).toBe('mum')
})

test('nothing is said of a form that holds nothing new', () => {
  const form = open()
  type(form, 'mum')
  type(form, '')
  form.putAside()
  form.throwAway()
  expect(toasts.items).toEqual([])
})

test('a form that an earlier version stored lacks no field', () => {
  const store = new LocalStore(localStorage, 'ada')
  new Draft<Partial<Fields>>(store, 'user').keep({ name: 'mum' })
  expect(open().fields).toEqual({ name: 'mum', tags: [] })
})
