// Hands the events of the stream to the screens. There is one stream at a time: of the person on screen, or of the list
// of people. An admin always follows their own stream, since requests to watch come by it.
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
  /** Whether the next status may rest on changes that this page was not told of. */
  #leap = true
  /** The status that came while the list of people was reloading, since the terms of sharing may have changed. */
  #held: Status | null | undefined
  #polls = 0
  /** Whether the next status is the first on this page, whose shares came with the page itself. */
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

  /** Calls `follower` for every change of the person who is followed. Returns the function that ends this. */
  listen(follower: Follower): () => void {
    this.#followers.add(follower)
    return () => this.#followers.delete(follower)
  }

  /** Does the same for the person's shares: each time one changes, and when its viewer begins or stops watching. */
  onShare(follower: ShareFollower): () => void {
    this.#shares.add(follower)
    return () => this.#shares.delete(follower)
  }

  /** Follows a person or, without a name, the list of people. Returns the function that ends this. */
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
        // Everybody may see themself, so somebody else must be signed in.
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

  /** Fetches what the stream would bring. Returns whether the server answered. */
  async poll(username?: string): Promise<boolean> {
    const { list } = this.#people
    const before = username === undefined ? undefined : this.#people.find(username)
    const heard = await list.load()
    // The next poll asks again anyway.
    list.stop()
    // Only every other time, since the server counts how often it is asked: the shares, and then the entries.
    const even = this.#polls++ % 2 === 0
    if (even) this.#sharesStale()
    if (!heard || username === undefined) return heard
    const view = this.#people.find(username)
    if (!view?.status || !view.granted) {
      this.#people.lose(username, before?.person.display_name)
      return true
    }
    // A change may not show in the status: where numbers are withheld, in a note, or in an entry older than others.
    const { water, altitude } = view.granted
    const narrowed = water !== 'exact' || altitude !== 'exact'
    this.#take(view.status, narrowed || !even || !sameState(before?.status, view.status))
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
    // At the beginning of the page the shares are as old as the status.
    if (this.#leap && !this.#first) this.#sharesStale()
    this.#leap = false
    this.#first = false
  }

  #sharesStale(): void {
    for (const follower of this.#shares) follower.stale()
  }

  /** Takes in a new status together with the terms on which it is shared. */
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

  /** The status in the list, to which the loaded entries belong. */
  #statusOf({ person }: Status): Status | null | undefined {
    return this.#people.find(person.username)?.status
  }

  #take(status: Status, stale: boolean): void {
    this.#people.updateStatus(status)
    if (stale) for (const follower of this.#followers) follower.stale()
  }

  #revoked(data: unknown, username?: string): void {
    const { reason } = data as { reason: 'session' | 'share' }
    // Only the server knows whether anybody is still signed in.
    if (reason === 'session') void session.load()
    else if (username !== undefined) this.#people.lose(username)
  }
}

/**
 * Whether two states are the same, as far as entries can tell. Where there was no state yet, loaded data may be older.
 */
function sameState(
  before: Status | null | undefined,
  { day, updated_at, water, altitude }: Status,
): boolean {
  if (!before) return false
  const state = [before.day, before.updated_at, before.water, before.altitude]
  return deepEqual(state, [day, updated_at, water, altitude])
}

export const [useLive, provideLive] = createContext<Live>()
