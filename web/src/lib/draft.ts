// A form that was filled in and not sent. It is stored in this browser until it is sent or thrown away: through a
// reload, an expired session and a dialog that was closed. `open` says whether it was still being written.
import type { LocalStore } from './local-store'
import { deepEqual } from './deep-equal'

interface Kept<T> {
  form: T
  open: boolean
  /** The id under which it was sent, while no page knows what became of it. */
  id?: string
}

const PREFIX = 'draft:'

/** All drafts whose keys begin with `start`. */
export function drafts<T>(store: LocalStore, start: string): Draft<T>[] {
  const keys = store.keys(PREFIX + start)
  return keys.map((key) => new Draft<T>(store, key.slice(PREFIX.length)))
}

export class Draft<T> {
  readonly #key: string
  readonly #store: LocalStore

  constructor(store: LocalStore, key: string) {
    this.#store = store
    this.#key = PREFIX + key
  }

  get form(): T | undefined {
    return this.#kept?.form
  }

  get id(): string | undefined {
    return this.#kept?.id
  }

  /** Whether the page went away while it was being written. */
  get open(): boolean {
    return this.#kept?.open === true
  }

  /** Stores the contents of a form, unless they are what the form began with. */
  keepUnless(form: T, fresh: T): void {
    if (deepEqual(form, fresh)) this.drop()
    else this.keep(form)
  }

  keep(form: T, id?: string): void {
    const kept: Kept<T> = { form, open: true, ...(id !== undefined && { id }) }
    this.#store.set(this.#key, kept)
  }

  /** Marks the draft as closed; returns whether there was anything in it. */
  putAside(): boolean {
    const kept = this.#kept
    if (kept) this.#store.set(this.#key, { ...kept, open: false })
    return kept !== undefined
  }

  /** Marks the draft as open again. */
  takeUp(): void {
    const kept = this.#kept
    if (kept) this.keep(kept.form, kept.id)
  }

  drop(): T | undefined {
    const form = this.form
    this.#store.remove(this.#key)
    return form
  }

  /** A draft that an earlier page stored in another shape is ignored. */
  get #kept(): Kept<T> | undefined {
    const kept = this.#store.get(this.#key)
    const whole = typeof kept === 'object' && kept !== null && 'form' in kept && 'open' in kept
    return whole ? (kept as Kept<T>) : undefined
  }
}
