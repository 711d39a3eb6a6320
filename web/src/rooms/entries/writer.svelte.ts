// The one place that writes entries. Every change is shown at once by whoever listens (the dashboard,
// the history), offers its Undo in a toast, and is taken back when the server refuses it. What cannot be sent waits in the
// outbox, and so does an Undo. What the server has made of it comes by the stream; whoever made the writer is told, to ask
// where no stream comes through.
import { createContext } from 'svelte'
import { answer, api, certainTime, type Entry, type EntryChange } from '../../api/client'
import { ApiError } from '../../api/error'
import { pause } from '../../api/pause'
import type { Locker } from '../../lib/locker'
import { newId } from '../../lib/uuid'
import { toasts } from '../../ui/toasts.svelte'
import { foreign } from '../../api/transport'
import { Outbox, type Outgoing, type Wish } from './outbox.svelte'
import { isAnswerTo } from './wishes'

export interface Listener {
  /** An entry is there, new or in place of what it was before. */
  saved: (entry: Entry, before?: Entry) => void
  removed: (entry: Entry) => void
}

/** What a person logs; its name and, unless given, its moment are added here. */
export type Draft = Omit<Outgoing, 'id' | 'at'> & { at?: string }

export class Writer {
  readonly outbox: Outbox
  #listeners = new Set<Listener>()
  #settled: () => void

  /** `settled` is called whenever the server has taken in a change. */
  constructor(locker: Locker, settled: () => void) {
    this.#settled = settled
    this.outbox = new Outbox(
      locker,
      (wish) => this.#deliver(wish),
      (wish, entry) => {
        this.#delivered(wish, entry)
      },
    )
  }

  /** Until the function it gives is called, `listener` hears of every change. */
  listen(listener: Listener): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  /**
   * Gives the problem if the server refused it; what could not be sent waits, and is none. `words` name the entry in
   * the toast, for example `250 ml`. What was refused is kept, unless a form does that.
   */
  async log(draft: Draft, words: string, keeps?: 'form'): Promise<ApiError | undefined> {
    pause.lift()
    const now = await certainTime()
    const at = draft.at ?? new Date(now).toISOString()
    const id = newId(now)
    const outcome = await this.outbox.add({ to: 'log', entry: { ...draft, at, id } })
    if ('entry' in outcome) {
      const { entry } = outcome
      if (entry) {
        toasts.show(
          `${words} logged`,
          undo(() => this.#delete(entry, words)),
        )
      }
      return undefined
    }
    if (outcome.waiting) return undefined
    if (keeps === 'form') this.outbox.forget(id)
    return outcome.problem
  }

  /** Changes an entry and gives the problem if it could not be done. */
  async edit(before: Entry, change: EntryChange, words: string): Promise<ApiError | undefined> {
    // Only what was changed goes back: an instant that is sent again would count for the day it belongs to now.
    const back = Object.fromEntries(
      Object.keys(change).map((key) => [key, before[key as keyof EntryChange] ?? null]),
    )
    // An older change of it that still waits would undo this one.
    this.outbox.forget(before.id)
    try {
      const after = await this.#patch(before, change)
      toasts.show(
        `${words} changed`,
        undo(() => this.#wish({ to: 'change', entry: after, change: back }, words)),
      )
      return undefined
    } catch (problem) {
      if (problem instanceof ApiError) return problem
      throw problem
    }
  }

  async remove(entry: Entry, words: string): Promise<void> {
    const remove = () => this.#delete(entry, words)
    if (await attempt(`${words} could not be deleted. It is still there.`, remove)) {
      toasts.show(
        `${words} deleted`,
        undo(() => this.#restore(entry, words)),
      )
    }
  }

  /** Brings a deleted entry back. */
  async restore(entry: Entry, words: string): Promise<void> {
    const restore = () => this.#restore(entry, words)
    if (await attempt(`${words} could not be restored. It is still deleted.`, restore)) {
      toasts.show(
        `${words} restored`,
        undo(() => this.#delete(entry, words)),
      )
    }
  }

  /** Makes an entry what it was in an earlier version, and gives the problem if it could not be done. */
  async putBack(entry: Entry, number: number, words: string): Promise<ApiError | undefined> {
    try {
      const after = await this.#restoreVersion(entry, number)
      // Where nothing differed, nothing was done.
      if (after?.updated_at === entry.updated_at) toasts.show(`${words} is what it is already`)
      else {
        toasts.show(
          `${words} put back`,
          undo(() => this.#undoLast(after ?? entry)),
        )
      }
      return undefined
    } catch (problem) {
      if (problem instanceof ApiError) return problem
      throw problem
    }
  }

  async #patch(before: Entry, body: EntryChange): Promise<Entry> {
    const path = { id: before.id }
    const entry = await answer(api.PATCH('/api/v1/entries/{id}', { params: { path }, body }))
    this.#tell((listener) => {
      listener.saved(entry, before)
    })
    this.#settled()
    return entry
  }

  #delete(entry: Entry, words: string): Promise<boolean> {
    this.#tell((listener) => {
      listener.removed(entry)
    })
    return this.#wish({ to: 'delete', entry }, words)
  }

  #restore(entry: Entry, words: string): Promise<boolean> {
    return this.#wish({ to: 'restore', entry }, words)
  }

  /** True once it is done; false where it waits, which is said. Throws an ApiError when the server refuses it. */
  async #wish(wish: Exclude<Wish, { to: 'log' }>, words: string): Promise<boolean> {
    const outcome = await this.outbox.add(wish)
    if ('entry' in outcome) return true
    if (outcome.waiting) {
      toasts.show(`${words} ${WILL_BE[wish.to]} as soon as the server answers.`)
      return false
    }
    this.outbox.forget(wish.entry.id)
    if (wish.to === 'delete' && 'day' in wish.entry) {
      const { entry } = wish
      this.#tell((listener) => {
        listener.saved(entry)
      })
    }
    throw outcome.problem
  }

  /** Sends a wish; null where the entry is gone then, undefined where it was not there. */
  async #deliver(wish: Wish): Promise<Entry | null | undefined> {
    const path = { id: wish.entry.id }
    if (wish.to === 'log') {
      const entry = await answer(api.POST('/api/v1/entries', { body: wish.entry }))
      if (!isAnswerTo(wish.entry, entry)) throw foreign()
      return entry
    }
    if (wish.to === 'restore') {
      return answer(api.POST('/api/v1/entries/{id}/restore', { params: { path } }))
    }
    if (wish.to === 'change') {
      return answer(api.PATCH('/api/v1/entries/{id}', { params: { path }, body: wish.change }))
    }
    try {
      await answer(api.DELETE('/api/v1/entries/{id}', { params: { path } }))
      return null
    } catch (problem) {
      if (problem instanceof ApiError && problem.status === 404) return undefined
      throw problem
    }
  }

  #delivered({ to, entry: before }: Wish, entry: Entry | null): void {
    this.#tell((listener) => {
      if (entry) listener.saved(entry, to === 'change' ? before : undefined)
      else if ('day' in before) listener.removed(before)
    })
    this.#settled()
  }

  async #restoreVersion(before: Entry, number: number): Promise<Entry | null> {
    const params = { path: { id: before.id, number } }
    const { entry } = await answer(
      api.POST('/api/v1/entries/{id}/versions/{number}/restore', { params }),
    )
    this.#tell((listener) => {
      if (entry) listener.saved(entry, before)
      else listener.removed(before)
    })
    this.#settled()
    return entry
  }

  /** The newest version is what the last change replaced. */
  async #undoLast(entry: Entry): Promise<void> {
    const params = { path: { id: entry.id }, query: { limit: 1 } }
    const { items } = await answer(api.GET('/api/v1/entries/{id}/versions', { params }))
    if (items[0]) await this.#restoreVersion(entry, items[0].number)
  }

  #tell(what: (listener: Listener) => void): void {
    this.#listeners.forEach(what)
  }
}

const WILL_BE = {
  delete: 'will be deleted',
  restore: 'will be restored',
  change: 'will be changed back',
}

function undo(run: () => Promise<unknown>) {
  return { label: 'Undo', run: () => void attempt('That could not be undone.', run) }
}

/** Runs what may fail, and gives false where it failed or waits. A failure says `sorry` and offers to try again. */
async function attempt(sorry: string, run: () => Promise<unknown>): Promise<boolean> {
  try {
    return (await run()) !== false
  } catch (problem) {
    if (!(problem instanceof ApiError)) throw problem
    const why = problem.unanswered ? sorry : `${sorry} ${problem.message}`
    toasts.show(why, { label: 'Try again', run: () => void attempt(sorry, run) })
    return false
  }
}

export const [useWriter, provideWriter] = createContext<Writer>()
