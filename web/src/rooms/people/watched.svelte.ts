// One person being watched: their status, asked for again and again while the page is seen, and the
// entries of their day, asked for only when the status says that something changed. Changes made on this
// page are shown before the server is asked.
import { answer, api, type Entry, type Status } from '../../api/client'
import { Resource } from '../../api/resource.svelte'
import { place, remove } from '../entries/timeline'
import type { Listener } from '../entries/writer.svelte'
import { withEntry, withoutEntry } from './overlay'

/** Coming back to the page asks at once, unless it was asked just before. */
const JUST_NOW_MS = 3_000

export class Watched implements Listener {
  readonly username: string
  readonly status: Resource<Status>
  readonly today: Resource<Entry[]>
  /** The state of things that `today` was loaded for. */
  #seen: string | null | undefined

  constructor(username: string, status: Status) {
    this.username = username
    const path = { username }
    this.status = new Resource(() =>
      answer(api.GET('/api/v1/people/{username}/status', { params: { path } })),
    )
    this.status.set(status)
    this.status.heardAt = Date.now()
    this.today = new Resource(async () => {
      const query = { from: this.status.value?.day ?? status.day, limit: 100 }
      const list = await answer(
        api.GET('/api/v1/people/{username}/entries', { params: { path, query } }),
      )
      return list.items
    })
  }

  /** Keeps asking, every `interval` ms while the page is seen, until the function it gives is called. */
  start(interval: number): () => void {
    const wake = () => {
      const heard = Date.now() - this.status.heardAt < JUST_NOW_MS
      if (document.visibilityState === 'visible' && !heard) void this.refresh()
    }
    const tick = () => {
      // While something is wrong, the resource itself tries again, with its own pauses.
      if (!this.status.problem) wake()
    }
    if (this.today.value) void this.refresh()
    else void this.#loadToday()
    const timer = setInterval(tick, interval)
    document.addEventListener('visibilitychange', wake)
    addEventListener('focus', wake)
    addEventListener('online', wake)
    return () => {
      clearInterval(timer)
      document.removeEventListener('visibilitychange', wake)
      removeEventListener('focus', wake)
      removeEventListener('online', wake)
      this.status.stop()
      this.today.stop()
    }
  }

  async refresh(): Promise<void> {
    if (await this.status.load()) await this.catchUp()
  }

  /** Loads the day again when the status is of another state than the day that is shown. */
  async catchUp(): Promise<void> {
    if (this.status.value && this.#seen !== stateOf(this.status.value)) await this.#loadToday()
  }

  saved(entry: Entry, before?: Entry): void {
    if (before) this.removed(before)
    const { status, today } = this
    if (!status.value) return
    status.set(withEntry(status.value, entry))
    if (today.value && entry.day === status.value.day) {
      today.set(place(today.value, entry, false))
    }
  }

  removed(entry: Entry): void {
    const { status, today } = this
    if (today.value) today.set(remove(today.value, entry.id))
    if (status.value) status.set(withoutEntry(status.value, entry, today.value ?? []))
  }

  settled(): void {
    const expected = this.status.value && figuresOf(this.status.value)
    void this.status.load().then((heard) => {
      if (!heard || !this.status.value) return
      // What we expected is what is stored: the day on the screen is already right.
      if (figuresOf(this.status.value) === expected) this.#seen = stateOf(this.status.value)
      void this.catchUp()
    })
  }

  async #loadToday(): Promise<void> {
    const state = this.status.value && stateOf(this.status.value)
    if (await this.today.load()) this.#seen = state
  }
}

function stateOf({ day, updated_at }: Status): string {
  return `${day} ${updated_at ?? ''}`
}

function figuresOf({ day, water, altitude }: Status): string {
  return JSON.stringify([day, water.today_ml, water.last_at, altitude.at, altitude.value])
}
