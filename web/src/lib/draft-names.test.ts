// @vitest-environment jsdom
import { expect, test } from 'vitest'
import { Draft } from './draft'
import { draftNames, dropOutdated } from './draft-names'
import { LocalStore } from './local-store'

test('drafts are named, each kind once, and nothing of anybody else', () => {
  const store = new LocalStore(localStorage, 'robin')
  expect(draftNames(store)).toEqual([])
  new Draft(store, 'entry:').keep({ note: 'x' })
  new Draft(store, 'entry:1').keep({ note: 'y' })
  new Draft(store, 'token').keep({ name: 'button' })
  store.set('draft:settings', { display_name: 'Robin' })
  store.set('pending:1', {})
  new Draft(new LocalStore(localStorage, 'kim'), 'user').keep({})
  expect(draftNames(store)).toEqual(['an entry', 'changes to your settings', 'an API token'])
})

test('what an earlier version stored in another shape is removed, and not named', () => {
  const old = new LocalStore(localStorage, 'sam')
  old.set('draft:amount', '250')
  old.set('draft:rewind', '2026-11-24T08:00')
  old.set('draft:token', '')
  old.set('draft:settings', { display_name: 'Sam' })
  dropOutdated(old)
  expect(draftNames(old)).toEqual(['changes to your settings'])
  old.set('draft:rewind', { wall: '2026-11-24T08:00', second: null })
  new Draft(old, 'amount').keep({ text: '250', unit: 'ml' })
  dropOutdated(old)
  expect(old.keys()).toEqual(['draft:amount', 'draft:settings'])
  old.set('draft:rewind', { wall: '2026-11-24T08:00', second: null, zone: 'UTC' })
  dropOutdated(old)
  expect(old.keys('draft:')).toHaveLength(3)
})
