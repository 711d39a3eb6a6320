// Hands the events of the stream to the screens. There is one stream at a time: of the person who is looked at, or of
// the list of people. An admin's is their own, on every page, since requests to watch come by it.
import { createContext } from 'svelte'
import type { Entry, Me, PersonView, Share, Status } from '../../api/types'
import type { StreamEvent } from '../../api/events'
import { type Health, Stream } from '../../api/stream.svelte'
import { personEventsPath, PEOPLE_EVENTS } from '../../lib/routes'
import { deepEqual } from '../../lib/deep-equal'
import { session } from '../auth/session.svelte'
import type { Follower, ShareFollower } from './follower'
import type { People } from './people.svelte'

export class Live {
  #people: People
  #stream = $state.raw<Stream>()
  #followers = new Set<Follower>()
  #shares = new Set<ShareFollower>()
  /** The next status is of now, with nothing told of what led to it. */
  #leap = true
  /** The status that came while the list of people was loaded again, because what is shared may have changed. */
  #held: Status | null | undefined
  #polls = 0
  /** The next status is the first that this page is told, and the shares were given with the page. */
  #first: boolean

  constructor(people: People, sharesGiven = false) {
    this.#people = people
    this.#first = sharesGiven
  }

  get health(): Health {
    return this.#stream?.health ?? 'connecting'
  }

  get heardAt(): number {
    return this.#stream?.heardAt ?? 0
  }

  /** Until the function it gives is called, `follower` hears of every change of the person who is followed. */
  listen(follower: Follower): () => void {
    this.#followers.add(follower)
    return () => this.#followers.delete(follower)
  }

  /** The same for the shares of the person: each is told when it changes, and when its viewer comes to watch or goes. */
  onShare(follower: ShareFollower): () => void {
    this.#shares.add(follower)
    return () => this.#shares.delete(follower)
  }

  /** Follows a person, or without a name the list of people, until the function it gives is called. */
  follow(username: string | undefined): () => void {
    const stream = new Stream({
      path: username === undefined ? PEOPLE_EVENTS : personEventsPath(username),
      event: (event) => {
        if (username === undefined) this.#hearOfPeople(event)
        else this.#hear(username, event)
      },
      poll: () => this.poll(username),
      refused: ({ status, elsewhere }) => {
        const ended = username !== undefined && status === 404
        // Nobody is hidden from themself: it is somebody else who asked.
        if (ended && username === session.me?.username) void session.load()
        else if (ended) this.#people.lose(username)
        return ended || elsewhere
      },
    })
    this.#stream = stream
    this.#leap = true
    this.#held = undefined
    const stop = stream.start()
    return () => {
      stop()
      if (this.#stream === stream) this.#stream = undefined
    }
  }

  /** Asks for what the stream would tell; true when the server answered. */
  async poll(username?: string): Promise<boolean> {
    const { list } = this.#people
    const before = username === undefined ? undefined : this.#people.find(username)
    const heard = await list.load()
    // Polling asks again by itself.
    list.stop()
    // Every other time, since the server counts how often it is asked.
    if (this.#polls++ % 2 === 0) this.#sharesStale()
    if (!heard || username === undefined) return heard
    const view = this.#people.find(username)
    if (!view?.status || !view.granted) {
      this.#people.lose(username, before?.person.display_name)
      return true
    }
    // Where numbers are kept back, a change may not show in the status.
    const { water, altitude } = view.granted
    const narrowed = water !== 'exact' || altitude !== 'exact'
    this.#take(view.status, narrowed || !sameState(before?.status, view.status))
    return true
  }

  #hear(username: string, { type, data }: StreamEvent): void {
    if (type === 'status') this.#hearStatus(data as Status)
    if (type === 'entry') {
      const { id, entry } = data as { id: string; entry: Entry | null }
      for (const follower of this.#followers) follower.entry(id, entry)
    }
    if (type === 'reset') void this.#reset()
    if (type === 'share') for (const follower of this.#shares) follower.share(data as Share)
    if (type === 'me') session.update(data as Me)
    if (type === 'revoked') this.#revoked(data, username)
  }

  #hearOfPeople({ type, data }: StreamEvent): void {
    if (type === 'people') {
      const { items, next_cursor } = data as { items: PersonView[]; next_cursor: string | null }
      if (next_cursor) void this.#people.list.load()
      else this.#people.list.set(items)
    }
    if (type === 'revoked') this.#revoked(data)
  }

  #hearStatus(status: Status): void {
    if (this.#held !== undefined) this.#held = status
    else this.#take(status, this.#leap && !sameState(this.#statusOf(status), status))
    // As the page begins, they are as old as the status.
    if (this.#leap && !this.#first) this.#sharesStale()
    this.#leap = false
    this.#first = false
  }

  #sharesStale(): void {
    for (const follower of this.#shares) follower.stale()
  }

  /** The numbers of the new status and what of them is shared are taken in together. */
  async #reset(): Promise<void> {
    const stream = this.#stream
    const waiting = this.#held !== undefined
    this.#held ??= null
    for (const follower of this.#followers) follower.stale()
    this.#sharesStale()
    await this.#people.list.load()
    if (waiting || stream !== this.#stream) return
    const held = this.#held
    this.#held = undefined
    if (held) this.#take(held, false)
  }

  /** Entries that were loaded belong to the status that the list has until now. */
  #statusOf({ person }: Status): Status | null | undefined {
    return this.#people.find(person.username)?.status
  }

  #take(status: Status, stale: boolean): void {
    this.#people.updateStatus(status)
    if (stale) for (const follower of this.#followers) follower.stale()
  }

  #revoked(data: unknown, username?: string): void {
    const { reason } = data as { reason: 'session' | 'share' }
    // Whether anybody is still signed in is for the server to say.
    if (reason === 'session') void session.load()
    else if (username !== undefined) this.#people.lose(username)
  }
}

/** As far as entries can tell; where there was nothing yet, what was loaded may be of before. */
function sameState(
  before: Status | null | undefined,
  { day, updated_at, water, altitude }: Status,
): boolean {
  if (!before) return false
  const state = [before.day, before.updated_at, before.water, before.altitude]
  return deepEqual(state, [day, updated_at, water, altitude])
}

export const [useLive, provideLive] = createContext<Live>()
