// The people whose status may be seen here, and those who may be asked: for an admin themself, for a viewer everybody
// who shares with somebody. The list carries each one's status, so choosing one costs no further request.
import { createContext } from 'svelte'
import { answer, api } from '../../api/client'
import type { PersonView, Start, Status } from '../../api/types'
import { Resource } from '../../api/resource.svelte'
import { fetchAllPages } from '../../api/fetch-all-pages'
import { Watched } from './watched.svelte'

/** Somebody who may be watched. */
export type Visible = PersonView & { status: Status; granted: NonNullable<PersonView['granted']> }

export class People {
  readonly list = new Resource(() =>
    fetchAllPages((query) => answer(api.GET('/api/v1/people', { params: { query } }))),
  )
  /** The people who ended it while this page was open: their names by user name. */
  gone = $state.raw<Readonly<Record<string, string>>>({})
  #watched = new Map<string, Watched>()
  #today: Start['today'] = null

  /** Takes in the server's first answer, for the screens that are drawn first. */
  begin({ people, today }: Pick<Start, 'people' | 'today'>): void {
    if (people?.next_cursor === null) this.list.set(people.items)
    if (today?.entries.next_cursor === null) this.#today = today
  }

  /** Discards the server's first answer, which is out of date from here on. */
  begun(): void {
    this.#today = null
  }

  find(username: string): PersonView | undefined {
    return this.list.value?.find(({ person }) => person.username === username)
  }

  /** The one person there is to show, where there is no choice. */
  get only(): Visible | undefined {
    const [one, ...others] = this.list.value ?? []
    return one && others.length === 0 && isVisible(one) ? one : undefined
  }

  watch({ person, status, access }: Visible): Watched {
    const { username } = person
    const today = this.#today
    const given = today?.username === username && today.day === status.day ? today : undefined
    const watched =
      this.#watched.get(username) ?? new Watched(status, access === 'own', given?.entries.items)
    this.#watched.set(username, watched)
    return watched
  }

  /** Takes in a person's status from the server. */
  updateStatus(status: Status): void {
    const { username } = status.person
    this.#watched.get(username)?.updateStatus(status)
    this.list.change((list) =>
      list.map((view) =>
        view.status && view.person.username === username
          ? { ...view, person: status.person, status }
          : view,
      ),
    )
  }

  /** Puts a person into the list as the server has them now. */
  put(view: PersonView): void {
    const { username } = view.person
    this.list.set(this.list.value?.map((one) => (one.person.username === username ? view : one)))
  }

  /** Removes a person who may no longer be watched. */
  lose(username: string, name = this.find(username)?.person.display_name): void {
    this.gone = { ...this.gone, [username]: name ?? username }
    this.#watched.delete(username)
    const list = this.list.value?.map((view) =>
      view.person.username === username
        ? { ...view, access: 'ended' as const, status: null, granted: null }
        : view,
    )
    this.list.set(list)
    void this.list.load()
  }
}

export function isVisible(view: PersonView): view is Visible {
  return view.status !== null && view.granted !== null
}

export const [usePeople, providePeople] = createContext<People>()
