// @vitest-environment jsdom
import { expect, test } from 'vitest'
import { Draft } from './draft'
import { draftNames } from './draft-names'
import { Locker } from './locker'

test('what was begun is named, each kind once, and nothing of anybody else', () => {
  const locker = new Locker(localStorage, 'robin')
  expect(draftNames(locker)).toEqual([])
  new Draft(locker, 'entry:').keep({ note: 'x' })
  new Draft(locker, 'entry:1').keep({ note: 'y' })
  new Draft(locker, 'token').keep({ name: 'button' })
  locker.set('draft:amount', '')
  locker.set('draft:settings', { display_name: 'Robin' })
  locker.set('pending:1', {})
  new Draft(new Locker(localStorage, 'kim'), 'user').keep({})
  expect(draftNames(locker)).toEqual(['an entry', 'changes to your settings', 'an API token'])
})
