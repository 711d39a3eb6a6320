// Wishes on their way to the server. Each is stored in this browser until the server has answered it, under the id of
// its entry, so that neither a reload nor a lost answer loses or doubles it. A wish that could not reach the server
// waits and is tried again by itself; a refused one stays, with the reason, until the person has decided.
import type { Entry } from '../../api/types'
import { ApiError } from '../../api/error'
import { pause } from '../../api/pause'
import { reach } from '../../api/reach.svelte'
import { backoff } from '../../api/backoff'
import type { LocalStore } from '../../lib/local-store'
import { fromKept, isSame, type Item, takenBack, toKept, type Wish } from './wishes'

export type { Item, Outgoing, Wish } from './wishes'
/** `entry` is the server's entry now; null for none. */
export type Outcome = { entry: Entry | null } | { problem: ApiError; waiting: boolean }

/** Returns the server's entry afterwards: null where it was deleted, undefined where there was none. */
export type Deliver = (wish: Wish) => Promise<Entry | null | undefined>

const KEY = 'pending:'
/** A wish that takes longer to be answered is shown as waiting. */
const SLOW_MS = 2_000
/** The server no longer carries out a request after this. */
const LATE_MS = 35_000

export class Outbox {
  items = $state.raw<Item[]>([])
  retrying = $state(false)
  #store: LocalStore
  #deliver: Deliver
  #done: (wish: Wish, entry: Entry | null) => void
  /** The wishes that are on their way, by the id of their entry. */
  #sending = new Map<string, Promise<Outcome>>()
  #failures = 0
  #stopped = false
  #timer: ReturnType<typeof setTimeout> | undefined

  constructor(
    store: LocalStore,
    deliver: Deliver,
    done: (wish: Wish, entry: Entry | null) => void,
  ) {
    this.#store = store
    this.#deliver = deliver
    this.#done = done
    const items = store.keys(KEY).map((key) => fromKept(store.get(key)))
    this.items = items.filter((item) => item !== undefined)
  }

  /** Entries to log that were not refused: they count already. */
  readonly pending = $derived(
    this.items.filter(({ wish, refused }) => wish.to === 'log' && !refused),
  )
  /** Entries that were sent and did not arrive, or take long to. */
  readonly waiting = $derived(this.pending.filter(({ problem, slow }) => problem ?? slow))
  /** Corrections that were not refused: they are shown already. */
  readonly corrections = $derived(
    this.items.filter(({ wish, refused }) => wish.to === 'correct' && !refused),
  )
  /** Wishes that the server refused. */
  readonly refused = $derived(this.items.filter(({ refused }) => refused))
  /** Waiting changes of entries that are, as far as anybody knows, on the server. */
  readonly changes = $derived(
    this.items.filter(
      ({ wish, problem, slow, refused }) => wish.to !== 'log' && !refused && (problem ?? slow),
    ),
  )
  /** How many changes the person sees as unsaved. */
  readonly unsaved = $derived(this.waiting.length + this.changes.length + this.refused.length)
  /** The entries to delete, which are not shown any more. */
  readonly gone: ReadonlySet<string> = $derived(
    new Set(
      this.items
        .filter(({ wish, refused }) => wish.to === 'delete' && !refused)
        .map(({ wish }) => wish.entry.id),
    ),
  )

  /** Sends what an earlier page left behind, and every waiting wish when the network returns. */
  start(): () => void {
    this.#stopped = false
    const retry = () => void this.retry()
    retry()
    addEventListener('online', retry)
    const stopWatching = this.#store.watch((key) => {
      this.#heard(key)
    })
    return () => {
      this.#stopped = true
      removeEventListener('online', retry)
      stopWatching()
      clearTimeout(this.#timer)
      reach.shows(this, false)
    }
  }

  /** Adds a wish, in place of any earlier one for the same entry. */
  async add(wish: Wish): Promise<Outcome> {
    const { id } = wish.entry
    const late = this.#find(id)?.late
    this.#put({ wish, kept: true, ...(late && { late }) })
    // The wish that is on its way is answered first, so that the one sent last is also carried out last.
    await this.#sending.get(id)
    return this.#sending.get(id) ?? this.#send(id)
  }

  /** Sends all waiting wishes, one after the other, until one does not get through. */
  async retry(): Promise<void> {
    clearTimeout(this.#timer)
    if (this.retrying || this.#stopped) return
    this.retrying = true
    const mishaps: unknown[] = []
    try {
      for (const { wish } of this.items.filter(({ refused }) => !refused)) {
        const { id } = wish.entry
        const outcome = await (this.#sending.get(id) ?? this.#send(id)).catch((mishap: unknown) => {
          mishaps.push(mishap)
          return undefined
        })
        if (outcome && 'problem' in outcome && outcome.waiting) break
      }
    } finally {
      this.retrying = false
    }
    if (mishaps.length > 0) throw mishaps[0]
  }

  /** Sends all waiting wishes now, because the person asked for it. */
  async retryNow(): Promise<void> {
    pause.lift()
    await this.retry()
  }

  /** The server reported an entry in some other way, perhaps before its answer came, or because that was lost. */
  arrived(id: string, entry: Entry | null): void {
    const wish = this.#find(id)?.wish
    if (!wish) return
    const logged = wish.to === 'log' && !wish.amends
    if (logged || wish.to === (entry ? 'restore' : 'delete')) this.#finish(wish, entry)
    else if (wish.to === 'delete') void this.retry()
  }

  /** A list of the server's holds these entries, so those of them that are to be logged have arrived. */
  listed(entries: Entry[]): void {
    const logged = this.items.filter(({ wish }) => wish.to === 'log')
    for (const { wish } of logged) {
      const entry = entries.find(({ id }) => id === wish.entry.id)
      if (entry) this.arrived(entry.id, entry)
    }
  }

  /**
   * Gives up a wish. It may have been carried out unnoticed, unless every attempt was refused, so it is taken back: an
   * entry to log is deleted, and a corrected one gets the value it had.
   */
  async discard(id: string): Promise<void> {
    const item = this.#find(id)
    if (!item) return
    const { wish, refused, late } = item
    const back = takenBack(wish)
    if (!back || (refused && !late)) this.forget(id)
    else await this.add(back)
  }

  /** Sends a refused wish again. */
  async again(id: string): Promise<Outcome | undefined> {
    const item = this.#find(id)
    return item && this.add(item.wish)
  }

  /**
   * Changes an entry on the server at once, after what is on its way about it. A waiting wish is not sent meanwhile:
   * afterwards it is forgotten where the change replaces it, and goes on otherwise.
   */
  async change<T>(
    id: string,
    change: () => Promise<T>,
    replaces: (wish: Wish) => boolean,
  ): Promise<T> {
    while (this.#sending.has(id)) await this.#sending.get(id)?.catch(() => undefined)
    const made = change()
    const after = async (): Promise<Outcome> => {
      const done = await made.then(
        () => true,
        () => false,
      )
      const wish = this.#find(id)?.wish
      if (done && wish && replaces(wish)) this.forget(id)
      return this.#attempt(id)
    }
    void this.#hold(id, after())
    return made
  }

  forget(id: string): void {
    this.#store.remove(KEY + id)
    this.items = this.items.filter(({ wish }) => wish.entry.id !== id)
    this.#tellReach()
  }

  #find(id: string): Item | undefined {
    return this.items.find(({ wish }) => wish.entry.id === id)
  }

  /** Whether what is stored already makes the next page do the same. */
  #holds({ wish, refused }: Item): boolean {
    const stored = fromKept(this.#store.get(KEY + wish.entry.id))
    return stored !== undefined && isSame(stored.wish, wish) && (refused ?? !stored.refused)
  }

  #put(item: Item): void {
    const { id } = item.wish.entry
    const kept = this.#store.set(KEY + id, toKept(item)) || this.#holds(item)
    // The next page must not carry out an older wish in place of this one.
    if (!kept) this.#store.remove(KEY + id)
    const next = { ...item, kept }
    this.items = this.#find(id)
      ? this.items.map((other) => (other.wish.entry.id === id ? next : other))
      : [...this.items, next]
    this.#tellReach()
  }

  #send(id: string): Promise<Outcome> {
    return this.#hold(id, this.#attempt(id))
  }

  #hold(id: string, what: Promise<Outcome>): Promise<Outcome> {
    const sending = what.finally(() => this.#sending.delete(id))
    this.#sending.set(id, sending)
    return sending
  }

  /** The server has carried it out. */
  #finish(wish: Wish, entry: Entry | null): void {
    this.forget(wish.entry.id)
    this.#done(wish, entry)
  }

  async #attempt(id: string): Promise<Outcome> {
    this.#adopt(id)
    const item = this.#find(id)
    if (!item || this.#stopped) return { problem: new ApiError(0, {}), waiting: true }
    const { wish, refused, problem } = item
    // Another tab was refused meanwhile.
    if (refused && problem) return { problem, waiting: false }
    // Stored before the answer, in case none comes or this page goes.
    if (wish.to === 'log' || wish.to === 'correct') {
      this.#put({ ...item, late: Date.now() + LATE_MS })
    }
    const slow = setTimeout(() => {
      const now = this.#find(id)
      if (now?.wish === wish) this.#put({ ...now, slow: true })
    }, SLOW_MS)
    try {
      const entry = await this.#deliver(wish)
      this.#failures = 0
      const given = { entry: entry ?? null }
      if (this.#find(id)?.wish !== wish) return given
      if (wish.to === 'delete' && entry === undefined && this.#mayArrive(item)) {
        this.#lookAgain(item)
        return given
      }
      this.#finish(wish, given.entry)
      return given
    } catch (problem) {
      if (problem instanceof ApiError) return this.#failed(item, problem)
      this.#later(backoff(this.#failures++, Math.random()))
      throw problem
    } finally {
      clearTimeout(slow)
    }
  }

  /** `earlier` tells of an attempt before this one that was not answered. */
  #failed({ wish, late: earlier }: Item, problem: ApiError): Outcome {
    const { id } = wish.entry
    // Nobody, or somebody else, is signed in meanwhile: the wish waits until its owner is back.
    const waiting = problem.passing || problem.elsewhere
    this.#adopt(id)
    const now = this.#find(id)
    if (now?.wish === wish) {
      const late = waiting ? now.late : earlier
      this.#put({
        wish,
        kept: true,
        problem,
        ...(late && { late }),
        ...(!waiting && { refused: true }),
      })
    } else if (!waiting && !earlier && wish.to === 'log' && now?.wish.to === 'delete') {
      // The wish was given up meanwhile, and an entry that was only ever refused is not there.
      this.forget(id)
    }
    if (problem.passing) {
      this.#later(Math.max(backoff(this.#failures++, Math.random()), problem.retryAfter))
    }
    return { problem, waiting }
  }

  /** Whether an entry that was sent may still arrive after it was said not to be there. */
  #mayArrive({ late }: Item): boolean {
    const left = (late ?? 0) - Date.now()
    return left > 0 && left <= LATE_MS
  }

  #lookAgain({ wish, late = 0 }: Item): void {
    const { id } = wish.entry
    this.#put({ wish, kept: true, late })
    const look = () => {
      if (this.#find(id)?.wish === wish) void this.#send(id)
    }
    setTimeout(look, late - Date.now() + 1)
  }

  #later(pause: number): void {
    clearTimeout(this.#timer)
    if (!this.#stopped) this.#timer = setTimeout(() => void this.retry(), pause)
  }

  /** Another tab of the same person has stored or removed something. */
  #heard(key: string | undefined): void {
    if (key !== undefined && !key.startsWith(KEY)) return
    const mine = this.items.map(({ wish }) => wish.entry.id)
    for (const id of key === undefined ? mine : [key.slice(KEY.length)]) {
      // A wish on its way from here is compared once it is answered.
      if (!this.#sending.has(id)) this.#adopt(id)
    }
  }

  /** Takes over what another tab made of a wish: changed it, was refused, or finished with it. */
  #adopt(id: string): void {
    const mine = this.#find(id)
    // One that could not be stored is newer than what is.
    if (mine && !mine.kept) return
    const theirs = fromKept(this.#store.get(KEY + id))
    if (mine && theirs && isSame(mine.wish, theirs.wish) && mine.refused === theirs.refused) {
      const { late } = theirs
      if (late) this.items = this.items.map((item) => (item === mine ? { ...mine, late } : item))
      return
    }
    const others = this.items.filter(({ wish }) => wish.entry.id !== id)
    // The other tab sends it, and this one in its turn.
    if (theirs && !theirs.refused) delete theirs.problem
    this.items = theirs ? [...others, theirs] : others
    this.#tellReach()
  }

  #tellReach(): void {
    reach.shows(
      this,
      this.items.some(({ problem, refused }) => !refused && problem?.unanswered),
    )
  }
}
