// @vitest-environment jsdom
import { expect, test } from 'vitest'
import { Draft } from './draft'
import { draftNames } from './draft-names'
import { LocalStore } from './local-store'

test('drafts are named, each kind once, and nothing of anybody else', () => {
  const store = new LocalStore(localStorage, 'robin')
  expect(draftNames(store)).toEqual([])
  new Draft(store, 'entry:').keep({ note: 'x' })
  new Draft(store, 'entry:1').keep({ note: 'y' })
  new Draft(store, 'token').keep({ name: 'button' })
  store.set('draft:amount', '')
  store.set('draft:settings', { display_name: 'Robin' })
  store.set('pending:1', {})
  new Draft(new LocalStore(localStorage, 'kim'), 'user').keep({})
  expect(draftNames(store)).toEqual(['an entry', 'changes to your settings', 'an API token'])
})
