// @vitest-environment jsdom
import { flushSync } from 'svelte'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
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

let gone: (() => void)[] = []
/** Takes every form off the screen. */
const leave = () => {
  for (const go of gone) go()
  gone = []
}
afterEach(leave)
beforeEach(() => {
  localStorage.clear()
  toasts.clear()
  vi.clearAllMocks()
})

function open(): KeptForm<Fields> {
  const store = new LocalStore(localStorage, 'ada')
  let form!: KeptForm<Fields>
  const go = $effect.root(() => {
    form = new KeptForm(new Draft<Fields>(store, 'user'), fresh(), () => ways)
  })
  flushSync()
  gone.push(go)
  return form
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

test('every try of one intention has one id, whichever form sends it', () => {
  const form = open()
  type(form, 'mum')
  const { id } = form
  form.putAside()
  leave()
  const again = open()
  expect(again.id).toBe(id)
  type(again, 'dad')
  expect([again.id, open().id]).toEqual([id, id])
  again.drop()
  expect(again.id).not.toBe(id)
})

test('a form with nothing changed keeps its id as well, and so does one that comes back', () => {
  const { id } = open()
  leave()
  const again = open()
  again.throwAway()
  expect(open().id).not.toBe(id)
  toasts.actOnLast()
  expect(open().id).toBe(id)
})

test('an answer that comes once the form is gone leaves alone what another has made of the draft', () => {
  const form = open()
  type(form, 'mum')
  form.putAside()
  leave()
  expect(form.left).toBe(true)
  const again = open()
  type(again, 'mum and dad')
  form.drop()
  expect(form.takeBack()).toBe(false)
  expect(open().fields.name).toBe('mum and dad')
  type(again, 'mum')
  form.drop()
  expect(open().fields).toEqual(fresh())
})

/** A form that was sent, and whose contents somebody else keeps until the answer. */
function sent(name: string): KeptForm<Fields> {
  const form = open()
  type(form, name)
  expect(form.id).not.toBe('')
  form.handOver()
  return form
}

test('what somebody else keeps is no draft, and what is typed on is one under the same id', () => {
  const form = sent('mum')
  const { id } = form
  form.handOver()
  form.putAside()
  expect(toasts.items).toEqual([])
  type(form, 'mum!')
  expect(form.typedOn).toBe(true)
  form.putAside()
  expect(toasts.items.map(({ text }) => text)).toEqual(['What you typed is kept.'])
  leave()
  const again = open()
  expect([again.fields.name, again.id, again.again]).toEqual(['mum!', id, true])
  type(again, 'mum')
  expect(open().fields.name).toBe('mum')
})

test('a late answer drops what was sent, and not what was typed after that', () => {
  for (const handOver of [true, false]) {
    const form = open()
    type(form, 'mum')
    form.send()
    if (handOver) form.handOver()
    type(form, 'mum and dad')
    form.putAside()
    leave()
    form.drop()
    const again = open()
    expect(again.fields.name).toBe('mum and dad')
    again.throwAway()
    leave()
  }
})

test('typed back to what was sent, nothing is left to keep', () => {
  const form = sent('mum')
  type(form, 'mum!')
  type(form, 'mum')
  form.putAside()
  expect(toasts.items).toEqual([])
  expect(form.typedOn).toBe(false)
})

test('a refused form is stored again, with what was typed on', () => {
  const form = sent('mum')
  const { id } = form
  form.handOver()
  type(form, 'mums')
  expect(form.takeBack()).toBe(true)
  leave()
  const again = open()
  expect([again.fields.name, again.id]).toEqual(['mums', id])
})
