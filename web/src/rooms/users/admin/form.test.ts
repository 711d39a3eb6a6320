import { expect, test } from 'vitest'
import { emptyForm, readForm } from './form'

test('a name that is left out is left to the server', () => {
  expect(readForm({ ...emptyForm(), username: ' Robin ' })).toEqual({
    username: 'robin',
    role: 'viewer',
  })
  expect(readForm({ username: 'robin', name: ' Robin R. ', role: 'admin' })).toEqual({
    username: 'robin',
    role: 'admin',
    display_name: 'Robin R.',
  })
})
