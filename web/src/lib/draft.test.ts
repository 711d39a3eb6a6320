// @vitest-environment jsdom
import { beforeEach, expect, test } from 'vitest'
import { Draft, drafts } from './draft'
import { LocalStore } from './local-store'

let store: LocalStore
beforeEach(() => {
  localStorage.clear()
  store = new LocalStore(localStorage, 'ada')
})

test('a draft is there after the page went away, and is known to be open', () => {
  new Draft(store, 'entry:new').keep({ note: 'a' })
  const again = new Draft<{ note: string }>(store, 'entry:new')
  expect([again.form, again.open]).toEqual([{ note: 'a' }, true])
  expect(drafts(store, 'entry:')).toHaveLength(1)
})

test('put aside, a draft stays and is no longer open until it is taken up', () => {
  const draft = new Draft(store, 'token')
  expect(draft.putAside()).toBe(false)
  draft.keep({ name: 'x' })
  expect(draft.putAside()).toBe(true)
  expect([draft.form, draft.open]).toEqual([{ name: 'x' }, false])
  draft.takeUp()
  expect(draft.open).toBe(true)
})

test('a form that is as it began, or thrown away, is no draft', () => {
  const draft = new Draft<object>(store, 'user')
  draft.keepUnless({ name: 'x' }, { name: '' })
  draft.keepUnless({ name: '' }, { name: '' })
  expect(draft.form).toBeUndefined()
  draft.keep({ name: 'y' })
  expect(draft.drop()).toEqual({ name: 'y' })
  expect(draft.drop()).toBeUndefined()
})

test('a draft that an earlier page stored in another shape is ignored', () => {
  store.set('draft:user', { username: 'x' })
  const draft = new Draft(store, 'user')
  expect([draft.form, draft.open, draft.putAside()]).toEqual([undefined, false, false])
})
