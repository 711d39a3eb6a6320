// Entries on their way to the server. Each is kept in this browser until the server has it, under the id
// it was given here, so that neither a reload nor a lost answer loses or doubles it. What the server
// refuses is given back to the caller; what could not reach it waits and is tried again by itself.
import type { Entry, NewEntry } from '../../api/client'
import { ApiError } from '../../api/error'
import { backoff } from '../../lib/backoff'
import type { Locker } from '../../lib/locker'

/** A new entry that has its own name and moment, whenever it arrives. */
export type Outgoing = NewEntry & { id: string; at: string }
export interface Pending {
  entry: Outgoing
  /** Why it did not arrive yet; absent while it is on its way for the first time. */
  problem?: ApiError
}
export type Outcome = { entry: Entry } | { problem: ApiError; waiting: boolean }

const KEY = 'pending:'

export class Outbox {
  pending = $state.raw<Pending[]>([])
  retrying = $state(false)
  #locker: Locker
  #post: (entry: Outgoing) => Promise<Entry>
  #saved: (entry: Entry) => void
  #failures = 0
  #timer: ReturnType<typeof setTimeout> | undefined

  constructor(
    locker: Locker,
    post: (entry: Outgoing) => Promise<Entry>,
    saved: (entry: Entry) => void,
  ) {
    this.#locker = locker
    this.#post = post
    this.#saved = saved
    this.pending = locker
      .keys(KEY)
      .map((key) => locker.get(key) as Outgoing | undefined)
      .filter((entry) => entry !== undefined)
      .map((entry) => ({ entry, problem: new ApiError(0, {}) }))
  }

  /** Those that were sent and did not arrive. */
  get waiting(): Pending[] {
    return this.pending.filter((item) => item.problem)
  }

  /** Sends what an earlier page left behind and whatever waits when the network returns. */
  start(): () => void {
    const retry = () => void this.retry()
    retry()
    addEventListener('online', retry)
    return () => {
      removeEventListener('online', retry)
      clearTimeout(this.#timer)
    }
  }

  async add(entry: Outgoing): Promise<Outcome> {
    this.#locker.set(KEY + entry.id, entry)
    this.pending = [...this.pending, { entry }]
    return this.#send(entry)
  }

  /** Sends all that wait, one after the other, until one does not get through. */
  async retry(): Promise<void> {
    clearTimeout(this.#timer)
    if (this.retrying) return
    this.retrying = true
    for (const { entry } of this.waiting) {
      const outcome = await this.#send(entry)
      if ('problem' in outcome && outcome.waiting) break
    }
    this.retrying = false
  }

  /** The server has told of an entry by other ways, perhaps before its answer comes, or because that was lost. */
  arrived(id: string): void {
    if (this.pending.some(({ entry }) => entry.id === id)) this.forget(id)
  }

  /** Gives an entry up. Whoever calls must also delete it, as it may have arrived unnoticed. */
  forget(id: string): void {
    this.#locker.remove(KEY + id)
    this.pending = this.pending.filter((item) => item.entry.id !== id)
  }

  async #send(entry: Outgoing): Promise<Outcome> {
    try {
      const saved = await this.#post(entry)
      this.#failures = 0
      this.forget(entry.id)
      this.#saved(saved)
      return { entry: saved }
    } catch (problem) {
      if (!(problem instanceof ApiError)) throw problem
      // Signed out in the meantime: the entry waits until the same person is back.
      const waiting = problem.passing || problem.status === 401
      if (waiting) this.#wait(entry, problem)
      else this.forget(entry.id)
      return { problem, waiting }
    }
  }

  #wait(entry: Outgoing, problem: ApiError): void {
    this.pending = this.pending.map((item) =>
      item.entry.id === entry.id ? { entry, problem } : item,
    )
    if (!problem.passing) return
    const pause = Math.max(backoff(this.#failures++, Math.random()), problem.retryAfter)
    clearTimeout(this.#timer)
    this.#timer = setTimeout(() => void this.retry(), pause)
  }
}
