import { expect, test } from 'vitest'
import {
  auditPath,
  canonical,
  localPath,
  parseRoute,
  personPath,
  signInPath,
  userPath,
} from './routes'

test.each([
  ['/', { name: 'dashboard' }],
  ['/history', { name: 'history' }],
  ['/history/', { name: 'history' }],
  ['/history/deleted', { name: 'deleted' }],
  ['/history/deleted/more', { name: 'not-found' }],
  ['/history?metric=water', { name: 'history', metric: 'water' }],
  ['/history?metric=mood', { name: 'history' }],
  ['/settings', { name: 'settings' }],
  ['/sharing', { name: 'sharing' }],
  ['/register', { name: 'register' }],
  ['/sign-in', { name: 'sign-in', next: '/' }],
  ['/sign-in?next=%2Fhistory%3Fmetric%3Dwater', { name: 'sign-in', next: '/history?metric=water' }],
  ['/people/ada', { name: 'dashboard', person: 'ada' }],
  ['/people/ada%2Fb', { name: 'dashboard', person: 'ada/b' }],
  ['/people/ada/history?metric=altitude', { name: 'history', person: 'ada', metric: 'altitude' }],
  ['/people/P123', { name: 'dashboard', person: 'p123' }],
  ['/people/Dad.2/history', { name: 'history', person: 'dad.2' }],
  ['/admin/users/ROBIN', { name: 'admin', page: 'user', username: 'robin' }],
  ['/register?invite=a%2Bb', { name: 'register', invite: 'a+b' }],
  ['/register?invite=', { name: 'register' }],
  ['/admin', { name: 'admin', page: 'users' }],
  ['/admin/users', { name: 'admin', page: 'users' }],
  ['/admin/users/a%2Fb', { name: 'admin', page: 'user', username: 'a/b' }],
  ['/admin/invites', { name: 'admin', page: 'invites' }],
  ['/admin/security', { name: 'admin', page: 'security' }],
  ['/admin/server', { name: 'admin', page: 'server' }],
  ['/admin/audit', { name: 'admin', page: 'audit', filter: {} }],
  [
    '/admin/audit?action=auth.login&outcome=failure&from=2026-11-25T10:00Z',
    {
      name: 'admin',
      page: 'audit',
      filter: { action: 'auth.login', outcome: 'failure', from: '2026-11-25T10:00:00.000Z' },
    },
  ],
  [
    '/admin/audit?outcome=luck&to=soon&actor=&other=1',
    { name: 'admin', page: 'audit', filter: {} },
  ],
  ['/admin/other', { name: 'not-found' }],
  ['/admin/invites/more', { name: 'not-found' }],
  ['/admin/users/ada/more', { name: 'not-found' }],
  ['/people', { name: 'not-found' }],
  ['/people/ada/other', { name: 'not-found' }],
  ['/people/ada/history/more', { name: 'not-found' }],
  ['/settings/more', { name: 'not-found' }],
  ['/%', { name: 'not-found' }],
])('%s', (path, route) => {
  expect(parseRoute(new URL(path, 'http://host'))).toEqual(route)
})

test.each([
  [null, '/'],
  ['', '/'],
  ['/history?metric=water#x', '/history?metric=water#x'],
  ['history', '/'],
  ['https://elsewhere.example', '/'],
  ['//elsewhere.example', '/'],
  ['/\\elsewhere.example', '/'],
  ['/\t/elsewhere.example', '/'],
  ['javascript:alert(1)', '/'],
  ['/a/../settings', '/settings'],
  ['/..//elsewhere.example', '/'],
])('after sign-in %j leads to %s', (next, path) => {
  expect(localPath(next)).toBe(path)
})

test('paths are built so that they are parsed back', () => {
  expect(personPath('a b', 'history')).toBe('/people/a%20b/history')
  expect(userPath('a/b')).toBe('/admin/users/a%2Fb')
  expect(auditPath({})).toBe('/admin/audit')
  expect(auditPath({ action: 'auth.login', outcome: 'failure' })).toBe(
    '/admin/audit?action=auth.login&outcome=failure',
  )
  expect(signInPath('/')).toBe('/sign-in')
  expect(parseRoute(new URL(signInPath('/history?metric=water'), 'http://host'))).toEqual({
    name: 'sign-in',
    next: '/history?metric=water',
  })
})

test.each([
  ['/people/P123', '/people/p123'],
  ['/people/P123/history?metric=water#top', '/people/p123/history?metric=water#top'],
  ['/admin/users/Robin-R', '/admin/users/robin-r'],
  ['/people/ada', '/people/ada'],
  ['/admin/audit?actor=Robin', '/admin/audit?actor=Robin'],
  ['/register?invite=aB', '/register?invite=aB'],
])('%s is %s', (path, expected) => {
  expect(canonical(new URL(path, 'http://host')).href).toBe(`http://host${expected}`)
})
