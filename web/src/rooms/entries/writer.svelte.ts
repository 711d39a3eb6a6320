// The one place that writes entries. Every change is shown at once by the screens that listen (the dashboard, the
// history), offers its Undo in a toast, and is taken back when the server refuses it. A change that cannot be sent
// waits in the outbox, and so does an Undo. The server reports each change by the stream; `settled` lets the page ask
// where no stream gets through.
import { createContext } from 'svelte'
import { certainTime } from '../../api/client'
import type { Entry, EntryChange } from '../../api/types'
import { ApiError } from '../../api/error'
import { clock } from '../../api/clock.svelte'
import { pause } from '../../api/pause'
import { altitudeText } from '../../lib/altitude'
import { deepEqual } from '../../lib/deep-equal'
import type { LocalStore } from '../../lib/local-store'
import { newId } from '../../api/uuid'
import { PageToasts } from '../../ui/toasts.svelte'
import type { WriteFollower } from '../live/follower'
import { log, patch, read, remove, restore, toVersion, unlessGone, versions } from './calls'
import { factOf, factOfVersion } from './changes'
import { Outbox, type Outgoing, type Wish } from './outbox.svelte'
import { attempt, undo } from './undo'
import { isTakenBack } from './wishes'

/** An entry to log; its id and, unless given, its moment are added here. */
export type Draft = Omit<Outgoing, 'id' | 'at'> & { id?: string; at?: string }

/** The form that an entry was typed in. */
export interface Source {
  /** The outbox keeps the entry now. */
  handOver: () => void
  /** Keeps what was refused; false where the form is gone, so the outbox goes on keeping it. */
  takeBack: () => boolean
  /** Whether the entry was sent from it before, perhaps with other contents. */
  again: boolean
}

/** Another altitude logged here within this time corrects the one before. */
const CORRECTED_MS = 60_000

/** The altitude that was last logged here: as the server has it, or as it is on its way. */
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
  /** The entries that were typed in a form here, and are on the server: it may send one again with other contents. */
  #typed = new Map<string, Entry>()
  #listeners = new Set<WriteFollower>()
  #settled: () => void
  #toasts: PageToasts

  /** `settled` is called whenever the server has accepted a change. */
  constructor(store: LocalStore, settled: () => void, says = new PageToasts()) {
    this.#toasts = says
    this.#settled = settled
    this.outbox = new Outbox(
      store,
      (wish) => this.#deliver(wish),
      (wish, entry) => {
        this.#delivered(wish, entry)
      },
    )
  }

  /** Calls `listener` for every change. Returns the function that ends this. */
  listen(listener: WriteFollower): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  /**
   * Returns the problem if the server refused it; an entry that could not be sent waits, and is no problem. `words`
   * name the entry in the toast, for example `250 ml`. A refused entry stays in the outbox, unless its form takes it back.
   */
  async log(draft: Draft, words: string, form?: Source): Promise<ApiError | undefined> {
    pause.lift()
    const now = await certainTime()
    const at = draft.at ?? new Date(now).toISOString()
    const id = draft.id ?? newId(now)
    const entry = { ...draft, at, id }
    const arrived = this.#typed.get(id)
    if (form?.again && arrived?.metric === draft.metric) {
      const { value, fl_oz_tenths = null, note = null } = draft
      const change = { value, fl_oz_tenths, at, note, tags: draft.tags ?? [] }
      return this.edit(arrived, change, words)
    }
    const sent = this.outbox.add({ to: 'log', entry, ...(form?.again && { amends: true }) })
    form?.handOver()
    const outcome = await sent
    if ('entry' in outcome) {
      const { entry } = outcome
      if (entry) {
        if (form) this.#typed.set(id, entry)
        this.#toasts.show(
          `${words} logged`,
          this.#undo(() => this.#delete(entry, words)),
        )
      }
      return undefined
    }
    if (outcome.waiting) return undefined
    if (form?.takeBack()) this.outbox.forget(id)
    return outcome.problem
  }

  /** Logs an altitude. Within a minute of the one before, which was logged here, that one is corrected. */
  logAltitude(value: number): Promise<void> {
    const tapped = clock.exact()
    this.correcting = value
    const turn = async () => {
      const last = this.#level
      const soon = last && Math.abs(tapped - last.at) < CORRECTED_MS
      try {
        if (!soon || !(await this.#correct(last, value))) await this.#logLevel(value)
      } finally {
        if (this.correcting === value) this.correcting = null
      }
    }
    this.#levels = this.#levels.then(turn, turn)
    return this.#levels
  }

  /** `sent` is the level that it takes the place of: nobody knows whether that has arrived. */
  async #logLevel(value: number, sent?: Level): Promise<void> {
    const at = sent?.at ?? (await certainTime())
    const level: Level = { id: sent?.id ?? newId(at), at, entry: undefined, toast: undefined }
    this.#level = level
    const instant = new Date(at).toISOString()
    const entry = { metric: 'altitude', value, id: level.id, at: instant } as const
    const outcome = await this.outbox.add({ to: 'log', entry, ...(sent && { amends: true }) })
    const logged = 'entry' in outcome ? outcome.entry : null
    if (!logged) {
      if (!('waiting' in outcome && outcome.waiting)) this.#level = undefined
      return
    }
    level.entry = logged
    const words = `Altitude ${altitudeText(value)}`
    level.toast = this.#toasts.show(
      `${words} logged`,
      this.#undo(() => this.#delete(logged, words)),
    )
  }

  /** Returns false where there is no longer anything to correct. */
  async #correct(last: Level, value: number): Promise<boolean> {
    const before = last.entry
    if (!before) {
      if (!this.outbox.pending.some(({ wish }) => wish.entry.id === last.id)) return false
      await this.#logLevel(value, last)
      return true
    }
    const words = `Altitude ${altitudeText(value)}`
    const waits = this.outbox.corrections.some(({ wish }) => wish.entry.id === last.id)
    if (before.value === value && !waits) {
      this.#toasts.show(`${words} is logged already`)
      return true
    }
    if (last.toast !== undefined) this.#toasts.dismiss(last.toast)
    const entry = { ...before, value }
    const outcome = await this.outbox.add({ to: 'correct', entry, from: before.value })
    if (!('problem' in outcome) || outcome.waiting) return true
    void this.outbox.discard(last.id)
    // The altitude was deleted elsewhere.
    if (outcome.problem.status === 404) return false
    this.#toasts.show(`${words} could not be saved. It is still ${before.value ?? ''}.`, {
      label: 'Try again',
      run: () => void this.logAltitude(value),
    })
    return true
  }

  #corrected({ entry: { value }, from }: Extract<Wish, { to: 'correct' }>, after: Entry): void {
    const words = `Altitude ${altitudeText(value ?? 0)}`
    const toast = this.#toasts.show(
      `${words} logged in place of ${from ?? ''}`,
      this.#undo(() => this.#takeBack(after, words)),
    )
    if (this.#level?.id === after.id) this.#level.toast = toast
  }

  /** Changes an entry and returns the problem if it could not be done. An empty change does nothing. */
  async edit(before: Entry, change: EntryChange, words: string): Promise<ApiError | undefined> {
    if (Object.keys(change).length === 0) return undefined
    try {
      const after = await this.outbox.change(
        before.id,
        () => this.#patch(before, change),
        // An Undo that still waits would undo this change.
        ({ to }) => to !== 'correct' || change.value !== undefined,
      )
      this.#toasts.show(
        `${words} changed`,
        this.#undo(() => this.#takeBack(after, words)),
      )
      return undefined
    } catch (problem) {
      if (problem instanceof ApiError) return problem
      throw problem
    }
  }

  async remove(entry: Entry, words: string): Promise<void> {
    const remove = () => this.#delete(entry, words)
    if (await this.#attempt(`${words} could not be deleted. It is still there.`, remove)) {
      this.#toasts.show(
        `${words} deleted`,
        this.#undo(() => this.#restore(entry, words)),
      )
    }
  }

  /** Restores a deleted entry. */
  async restore(entry: Entry, words: string): Promise<void> {
    const restore = () => this.#restore(entry, words)
    if (await this.#attempt(`${words} could not be restored. It is still deleted.`, restore)) {
      this.#toasts.show(
        `${words} restored`,
        this.#undo(() => this.#delete(entry, words)),
      )
    }
  }

  /** Puts an entry back to an earlier version, and returns the problem if it could not be done. */
  async putBack(entry: Entry, number: number, words: string): Promise<ApiError | undefined> {
    try {
      const after = await this.outbox.change(
        entry.id,
        () => this.#restoreVersion(entry, number),
        () => true,
      )
      // Nothing differed, so nothing was done.
      if (after?.updated_at === entry.updated_at)
        this.#toasts.show(`${words} is what it is already`)
      else {
        this.#toasts.show(
          `${words} put back`,
          this.#undo(() => (after ? this.#takeBack(after, words) : this.#restoreLast(entry))),
        )
      }
      return undefined
    } catch (problem) {
      if (problem instanceof ApiError) return problem
      throw problem
    }
  }

  async #patch(before: Entry, body: EntryChange): Promise<Entry> {
    const entry = await patch(before.id, body)
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

  /** True once it is done; false where it waits, which a toast says. Throws an ApiError when the server refuses it. */
  async #wish(wish: Extract<Wish, { to: keyof typeof WILL_BE }>, words: string): Promise<boolean> {
    const outcome = await this.outbox.add(wish)
    if ('entry' in outcome) return true
    if (outcome.waiting) {
      this.#toasts.show(`${words} ${WILL_BE[wish.to]} as soon as the server answers.`)
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

  /** Sends a wish; returns null where the entry is deleted afterwards, undefined where there was none. */
  async #deliver(wish: Wish): Promise<Entry | null | undefined> {
    if (wish.to === 'change') return this.#before(wish.entry)
    if (wish.to === 'log') return log(wish.entry, wish.amends)
    if (wish.to === 'correct') {
      const changed = patch(wish.entry.id, { value: wish.entry.value ?? 0 })
      return isTakenBack(wish) ? unlessGone(changed) : changed
    }
    if (wish.to === 'restore') return restore(wish.entry.id)
    return (await remove(wish.entry.id)) ? null : undefined
  }

  #delivered(wish: Wish, entry: Entry | null): void {
    const before = stoodBefore(wish)
    this.#tell((listener) => {
      if (entry) listener.saved(entry, before)
      else if ('day' in wish.entry) listener.removed(wish.entry)
    })
    if (entry && wish.to === 'correct' && !isTakenBack(wish)) this.#corrected(wish, entry)
    this.#settled()
  }

  async #restoreVersion(before: Entry, number: number): Promise<Entry | null> {
    const entry = await toVersion(before.id, number)
    this.#tell((listener) => {
      if (entry) listener.saved(entry, before)
      else listener.removed(before)
    })
    this.#settled()
    return entry
  }

  /** Takes back the change that made an entry what it is `after`. */
  #takeBack(after: Entry, words: string): Promise<boolean> {
    return this.#wish({ to: 'change', entry: after }, words)
  }

  /**
   * Puts an entry back to how it was before the change that made it `after`. The version comes back with the day it
   * had, which a change sent the other way would compute again. Later changes, here or elsewhere, are not overwritten.
   */
  async #before(after: Entry): Promise<Entry | null> {
    const { id } = after
    const latest = await versions(id, 20)
    const version = latest.find(({ replaced_at }) => replaced_at === after.updated_at)
    if (version && version === latest[0]) return toVersion(id, version.number)
    const now = await read(id)
    // The change was taken back already, by a try whose answer was lost.
    if (!version || !deepEqual(factOfVersion(version), factOf(now))) {
      this.#toasts.show('It was changed again meanwhile, so nothing was undone.')
    }
    return now
  }

  async #restoreLast(entry: Entry): Promise<void> {
    // The newest version is what the last change replaced.
    const [last] = await versions(entry.id, 1)
    if (last) await this.#restoreVersion(entry, last.number)
  }

  #tell(what: (listener: WriteFollower) => void): void {
    what(this.#own)
    this.#listeners.forEach(what)
  }

  /** Follows the entries that are still being corrected. */
  readonly #own: WriteFollower = {
    saved: (entry) => {
      if (this.#level?.id === entry.id) this.#level.entry = entry
      if (this.#typed.has(entry.id)) this.#typed.set(entry.id, entry)
    },
    removed: ({ id }) => {
      if (this.#level?.id === id) this.#level = undefined
      this.#typed.delete(id)
    },
  }

  #undo(run: () => Promise<unknown>) {
    return undo(run, this.#toasts)
  }

  #attempt(sorry: string, run: () => Promise<unknown>): Promise<boolean> {
    return attempt(sorry, run, this.#toasts)
  }
}

/** The entry on the server that a wish changes. */
function stoodBefore(wish: Wish): Entry | undefined {
  if (wish.to === 'change') return wish.entry
  return wish.to === 'correct' ? { ...wish.entry, value: wish.from } : undefined
}

const WILL_BE = {
  delete: 'will be deleted',
  restore: 'will be restored',
  change: 'will be changed back',
}

export const [useWriter, provideWriter] = createContext<Writer>()
