// One person being watched: their status, and the entries of their day. Both follow the server's reports; changes made
// on this page are shown before that.
import { answer, api } from '../../api/client'
import type { Entry, Status } from '../../api/types'
import { Resource } from '../../api/resource.svelte'
import { isKnown, place, remove } from './timeline'
import type { Follower, WriteFollower } from './follower'
import { withEntry, withoutEntry } from './overlay'

export class Watched implements Follower, WriteFollower {
  status: Status
  readonly today: Resource<Entry[]>
  /** Whether it is the person themself, whose status can be computed in advance. */
  #own: boolean
  /** Whether the day is on screen, and so has to be right. */
  #shown = false
  /** Whether the day came with the page and was not on screen yet. */
  #given: boolean
  /** The entries that are counted here already, until the server's status counts them. */
  #ahead = new Set<string>()

  /** `today` holds the entries of the day, if they are known. */
  constructor(status: Status, own: boolean, today?: Entry[]) {
    this.status = $state.raw(status)
    this.#own = own
    this.#given = today !== undefined
    const path = { username: status.person.username }
    this.today = new Resource(async () => {
      const query = { from: this.status.day, limit: 500 }
      const list = await answer(
        api.GET('/api/v1/people/{username}/entries', { params: { path, query } }),
      )
      this.#countListed(list.items)
      return list.items
    })
    if (today) this.today.set(today)
  }

  /** Shows the day. Returns the function that ends this. */
  start(): () => void {
    this.#shown = true
    if (!this.#given) void this.today.load()
    this.#given = false
    return () => {
      this.#shown = false
      this.today.stop()
    }
  }

  /** Takes in a status from the server. */
  updateStatus(status: Status): void {
    const turned = status.day !== this.status.day
    this.status = status
    this.#ahead.clear()
    if (turned) this.stale()
    else this.#countListed(this.today.value ?? [])
  }

  entry(id: string, entry: Entry | null): void {
    const before = this.#find(id)
    if (entry) this.saved(entry)
    else if (before) this.removed(before)
  }

  stale(): void {
    if (this.#shown) void this.today.load()
  }

  saved(entry: Entry, before?: Entry): void {
    if (isKnown(this.today.value ?? [], entry)) return
    const known = this.#find(entry.id) ?? before
    // The server's status may have come first, and already counts the entry.
    const counted = this.#own && isCounted(this.status, entry)
    if (known && !counted) this.removed(known)
    else if (known) this.today.change((entries) => remove(entries, entry.id))
    if (this.#own && !counted) this.#count(entry)
    if (entry.day === this.status.day) {
      this.today.change((entries) => place(entries, entry, false))
    }
  }

  removed(entry: Entry): void {
    const { value } = this.today
    // The entry is already gone, and no longer counted.
    if (value && entry.day === this.status.day && !this.#find(entry.id)) return
    this.today.change((entries) => remove(entries, entry.id))
    if (this.#own) this.status = withoutEntry(this.status, entry, this.today.value ?? [])
    this.#ahead.delete(entry.id)
  }

  #count(entry: Entry): void {
    this.status = withEntry(this.status, entry)
    this.#ahead.add(entry.id)
  }

  /** Counts the entries of a list that is newer than the status. */
  #countListed(entries: Entry[]): void {
    if (!this.#own) return
    const { updated_at } = this.status
    const counted = updated_at === null ? -Infinity : Date.parse(updated_at)
    for (const entry of entries) {
      const newer = Date.parse(entry.created_at) > counted
      if (newer && !this.#ahead.has(entry.id)) this.#count(entry)
    }
  }

  #find(id: string): Entry | undefined {
    return this.today.value?.find((entry) => entry.id === id)
  }
}

/** Whether a status counts an entry: a complete status says when the person last changed anything. */
function isCounted({ updated_at }: Status, entry: Entry): boolean {
  return updated_at !== null && Date.parse(updated_at) >= Date.parse(entry.updated_at)
}
