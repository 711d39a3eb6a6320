// Finds the answers to a viewer's requests by comparing two states of the list of people.
import type { PersonView } from '../../api/types'

export interface Answer {
  username: string
  name: string
  granted: boolean
}

/** The answers that came between `before` and `after`. */
export function answers(before: PersonView[], after: PersonView[]): Answer[] {
  const asked = before.filter(({ access }) => access === 'requested')
  return asked.flatMap(({ person: { username } }) => {
    const now = after.find(({ person }) => person.username === username)
    if (now?.access !== 'watching' && now?.access !== 'ended') return []
    return { username, name: now.person.display_name, granted: now.access === 'watching' }
  })
}

/** The people whom a viewer may not watch; those who can be asked come first. */
export function notWatched(list: PersonView[]): PersonView[] {
  const order = ['requested', 'may_ask', 'ended']
  return list
    .filter(({ access }) => order.includes(access))
    .sort((a, b) => order.indexOf(a.access) - order.indexOf(b.access))
}
