// The one place that writes entries. Every change is shown at once by whoever listens (the dashboard,
// the history), offers its Undo in a toast, and is taken back when the server refuses it. What the server
// has made of it comes by the stream; whoever made the writer is told, to ask where no stream comes through.
import { createContext } from 'svelte'
import { answer, api, type Entry, type EntryChange, type Version } from '../../api/client'
import { ApiError } from '../../api/error'
import { clock } from '../../api/clock.svelte'
import { altitudeText } from '../../lib/altitude'
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
export type Draft = Omit<Outgoing, 'id' | 'at'> & { id?: string; at?: string }

/** For so long after an altitude was logged here, another one is what was meant. */
const CORRECTED_MS = 60_000

/** The altitude that was logged here last: as the server has it, or as it is on its way. */
interface Level {
  id: string
  at: number
  entry: Entry | undefined
  toast: number | undefined
}

export class Writer {
  readonly outbox: Outbox
  /** An altitude that waits for the one before it to arrive, which it corrects. */
  correcting = $state<number | null>(null)
  #level: Level | undefined
  #levels: Promise<void> = Promise.resolve()
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
    const outcome = await this.outbox.add({ ...draft, at, id: draft.id ?? newId(now) })
    if ('entry' in outcome) {
      const { entry } = outcome
      toasts.show(
        `${words} logged`,
        undo(() => this.#delete(entry)),
      )
    }
    return 'problem' in outcome && !outcome.waiting ? outcome.problem : undefined
  }

  /** Logs an altitude. Within a minute of the one before, which was logged here, that one is corrected. */
  logAltitude(value: number): Promise<void> {
    const tapped = clock.exact()
    this.correcting = value
    const turn = async () => {
      const last = this.#level
      const soon = last && tapped >= last.at && tapped - last.at < CORRECTED_MS
      try {
        if (!soon || !(await this.#correct(last, value))) await this.#logLevel(value, tapped)
      } finally {
        if (this.correcting === value) this.correcting = null
      }
    }
    this.#levels = this.#levels.then(turn, turn)
    return this.#levels
  }

  async #logLevel(value: number, at: number): Promise<void> {
    const level: Level = { id: newId(at), at, entry: undefined, toast: undefined }
    this.#level = level
    const draft = { metric: 'altitude', value, id: level.id } as const
    const outcome = await this.outbox.add({ ...draft, at: new Date(at).toISOString() })
    if (!('entry' in outcome)) {
      if (!outcome.waiting) this.#level = undefined
      return
    }
    const { entry } = outcome
    level.entry = entry
    level.toast = toasts.show(
      `Altitude ${altitudeText(value)} logged`,
      undo(() => this.#delete(entry)),
    )
  }

  /** False where there is no longer anything to correct. */
  async #correct(last: Level, value: number): Promise<boolean> {
    const before = last.entry
    if (!before) {
      if (!this.outbox.pending.some(({ entry }) => entry.id === last.id)) return false
      // Whether it arrived nobody knows, so the one is given up and the other logged at its moment.
      void this.discard(last.id)
      await this.#logLevel(value, last.at)
      return true
    }
    const words = `Altitude ${altitudeText(value)}`
    if (before.value === value) {
      toasts.show(`${words} is logged already`)
      return true
    }
    try {
      const after = await this.#patch(before, { value })
      if (last.toast !== undefined) toasts.dismiss(last.toast)
      last.toast = toasts.show(
        `${words} logged in place of ${before.value ?? ''}`,
        undo(() => this.#undoLast(after)),
      )
      return true
    } catch (problem) {
      if (!(problem instanceof ApiError)) throw problem
      // It was deleted elsewhere.
      if (problem.status === 404) return false
      toasts.show(`${words} could not be saved. It is still ${before.value ?? ''}.`, {
        label: 'Try again',
        run: () => void this.logAltitude(value),
      })
      return true
    }
  }

  /** Changes an entry and gives the problem if it could not be done. A change of nothing is none. */
  async edit(before: Entry, change: EntryChange, words: string): Promise<ApiError | undefined> {
    if (Object.keys(change).length === 0) return undefined
    try {
      const after = await this.#patch(before, change)
      toasts.show(
        `${words} changed`,
        undo(() => this.#undoLast(after)),
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
          undo(() => (after ? this.#undoLast(after) : this.#restoreLast(entry))),
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

  /**
   * Takes back the change that made an entry what it is. The version comes back as it was, with the day it had, which a
   * change sent the other way would reckon anew. What was changed since, here or elsewhere, is not overwritten.
   */
  async #undoLast(after: Entry): Promise<void> {
    const last = await this.#lastVersion(after)
    if (last?.replaced_at === after.updated_at) await this.#restoreVersion(after, last.number)
    else toasts.show('It was changed again meanwhile, so nothing was undone.')
  }

  async #restoreLast(entry: Entry): Promise<void> {
    const last = await this.#lastVersion(entry)
    if (last) await this.#restoreVersion(entry, last.number)
  }

  /** The newest version is what the last change replaced. */
  async #lastVersion({ id }: Entry): Promise<Version | undefined> {
    const params = { path: { id }, query: { limit: 1 } }
    const { items } = await answer(api.GET('/api/v1/entries/{id}/versions', { params }))
    return items[0]
  }

  #tell(what: (listener: Listener) => void): void {
    what(this.#ownLevel)
    this.#listeners.forEach(what)
  }

  /** What became of the altitude that is still being corrected. */
  readonly #ownLevel: Listener = {
    saved: (entry) => {
      if (this.#level?.id === entry.id) this.#level.entry = entry
    },
    removed: ({ id }) => {
      if (this.#level?.id === id) this.#level = undefined
    },
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
