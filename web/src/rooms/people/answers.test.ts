import { expect, test } from 'vitest'
import type { PersonView } from '../../api/types'
import { answers, notWatched } from './answers'

function person(username: string, access: PersonView['access']): PersonView {
  const person = { username, display_name: username.toUpperCase(), time_zone: null }
  return { person, access, granted: null, status: null }
}

test('only what was asked is answered, and only by an answer', () => {
  const before = [
    person('ada', 'requested'),
    person('bo', 'requested'),
    person('cy', 'requested'),
    person('di', 'requested'),
    person('ed', 'may_ask'),
  ]
  const after = [
    person('ada', 'watching'),
    person('bo', 'ended'),
    person('cy', 'requested'),
    person('ed', 'watching'),
  ]
  expect(answers(before, after)).toEqual([
    { username: 'ada', name: 'ADA', granted: true },
    { username: 'bo', name: 'BO', granted: false },
  ])
  expect(answers(after, after)).toEqual([])
})

test('people who were asked come first, those who ended it last', () => {
  const list = [
    person('ada', 'ended'),
    person('bo', 'watching'),
    person('cy', 'may_ask'),
    person('di', 'requested'),
  ]
  expect(notWatched(list).map(({ person }) => person.username)).toEqual(['di', 'cy', 'ada'])
})
