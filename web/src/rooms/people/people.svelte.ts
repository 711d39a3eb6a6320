// The people whose status may be seen here: for an admin themself, for a viewer those who share. The list
// carries everybody's status, so choosing one costs no further request.
import { createContext } from 'svelte'
import { answer, api, type Status } from '../../api/client'
import { Resource } from '../../api/resource.svelte'
import { Watched } from './watched.svelte'

export class People {
  readonly list = new Resource(listAll)
  #watched = new Map<string, Watched>()

  find(username: string): Status | undefined {
    return this.list.value?.find((status) => status.person.username === username)
  }

  /** The one to show when there is no choice. */
  get only(): Status | undefined {
    return this.list.value?.length === 1 ? this.list.value[0] : undefined
  }

  watch(status: Status): Watched {
    const { username } = status.person
    const watched = this.#watched.get(username) ?? new Watched(username, status)
    this.#watched.set(username, watched)
    return watched
  }
}

async function listAll(): Promise<Status[]> {
  const people: Status[] = []
  let cursor: string | null | undefined
  do {
    const query = cursor ? { limit: 100, cursor } : { limit: 100 }
    const page = await answer(api.GET('/api/v1/people', { params: { query } }))
    people.push(...page.items)
    cursor = page.next_cursor
  } while (cursor)
  return people
}

export const [usePeople, providePeople] = createContext<People>()
