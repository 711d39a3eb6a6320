// The one place that writes entries. Every change is shown at once by whoever listens (the dashboard,
// the history), offers its Undo in a toast, and is taken back when the server refuses it. What the server
// has made of it comes by the stream; whoever made the writer is told, to ask where no stream comes through.
import { createContext } from 'svelte'
import { answer, api, type Entry, type EntryChange } from '../../api/client'
import { ApiError } from '../../api/error'
import { clock } from '../../api/clock.svelte'
import type { Locker } from '../../lib/locker'
import { newId } from '../../lib/uuid'
import { toasts } from '../../ui/toasts.svelte'
import { Outbox, type Outgoing } from './outbox.svelte'

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
    const post = (body: Outgoing) => answer(api.POST('/api/v1/entries', { body }))
    this.outbox = new Outbox(locker, post, (entry) => {
      this.#tell((listener) => {
        listener.saved(entry)
      })
      this.#settled()
    })
  }

  /** Until the function it gives is called, `listener` hears of every change. */
  listen(listener: Listener): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  /**
   * Gives the problem if the server refused it; what could not be sent waits, and is none. `words` name the entry in
   * the toast, for example `250 ml`.
   */
  async log(draft: Draft, words: string): Promise<ApiError | undefined> {
    const now = clock.exact()
    const at = draft.at ?? new Date(now).toISOString()
    const outcome = await this.outbox.add({ ...draft, at, id: newId(now) })
    if ('entry' in outcome) {
      const { entry } = outcome
      toasts.show(
        `${words} logged`,
        undo(() => this.#delete(entry)),
      )
    }
    return 'problem' in outcome && !outcome.waiting ? outcome.problem : undefined
  }

  /** Changes an entry and gives the problem if it could not be done. */
  async edit(before: Entry, change: EntryChange, words: string): Promise<ApiError | undefined> {
    // Only what was changed goes back: an instant that is sent again would count for the day it belongs to now.
    const back = Object.fromEntries(
      Object.keys(change).map((key) => [key, before[key as keyof EntryChange] ?? null]),
    )
    try {
      const after = await this.#patch(before, change)
      toasts.show(
        `${words} changed`,
        undo(() => this.#patch(after, back)),
      )
      return undefined
    } catch (problem) {
      if (problem instanceof ApiError) return problem
      throw problem
    }
  }

  async remove(entry: Entry, words: string): Promise<void> {
    const remove = () => this.#delete(entry)
    if (await attempt(`${words} could not be deleted. It is still there.`, remove)) {
      toasts.show(
        `${words} deleted`,
        undo(() => this.#restore(entry)),
      )
    }
  }

  /** Brings a deleted entry back. */
  async restore(entry: Entry, words: string): Promise<void> {
    const restore = () => this.#restore(entry)
    if (await attempt(`${words} could not be restored. It is still deleted.`, restore)) {
      toasts.show(
        `${words} restored`,
        undo(() => this.#delete(entry)),
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

  /** Gives up an entry that has not arrived, as far as anybody can know. */
  async discard(id: string): Promise<void> {
    this.outbox.forget(id)
    await answer(api.DELETE('/api/v1/entries/{id}', { params: { path: { id } } })).then(
      () => {
        this.#settled()
      },
      () => undefined,
    )
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

  async #delete(entry: Entry): Promise<void> {
    const path = { id: entry.id }
    this.#tell((listener) => {
      listener.removed(entry)
    })
    try {
      await answer(api.DELETE('/api/v1/entries/{id}', { params: { path } }))
    } catch (problem) {
      const gone = problem instanceof ApiError && problem.status === 404
      if (!gone) {
        this.#tell((listener) => {
          listener.saved(entry)
        })
        throw problem
      }
    }
    this.#settled()
  }

  async #restore({ id }: Entry): Promise<void> {
    const path = { id }
    const entry = await answer(api.POST('/api/v1/entries/{id}/restore', { params: { path } }))
    this.#tell((listener) => {
      listener.saved(entry)
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

function undo(run: () => Promise<unknown>) {
  return { label: 'Undo', run: () => void attempt('That could not be undone.', run) }
}

/** Runs what may fail; a failure says `sorry` and why, and offers to try again. */
async function attempt(sorry: string, run: () => Promise<unknown>): Promise<boolean> {
  try {
    await run()
    return true
  } catch (problem) {
    if (!(problem instanceof ApiError)) throw problem
    toasts.show(sorry, { label: 'Try again', run: () => void attempt(sorry, run) })
    return false
  }
}

export const [useWriter, provideWriter] = createContext<Writer>()
