// A form that is stored in this browser until it is sent or thrown away. A toast says when it is closed, and throwing
// it away can be undone.
import type { Draft } from '../lib/draft'
import { toasts } from './toasts.svelte'

interface Ways {
  onclose: () => void
  /** Opens the form again. */
  onreopen: () => void
}

export class KeptForm<T extends object> {
  /** The contents of the form. */
  fields: T
  /** Whether the form was closed with something in it, and opens with that. */
  found: boolean
  readonly #draft: Draft<T>
  readonly #fresh: T
  readonly #ways: () => Ways

  /** `fresh` is the form with nothing changed; `read` converts what an earlier page stored into a present one. */
  constructor(
    draft: Draft<T>,
    fresh: T,
    ways: () => Ways,
    read = (kept: T): T => ({ ...fresh, ...kept }),
  ) {
    const kept = draft.form
    this.fields = $state(kept ? read(kept) : fresh)
    this.found = $state(kept !== undefined && !draft.open)
    this.#draft = draft
    this.#fresh = fresh
    this.#ways = ways
    draft.takeUp()
  }

  /** Stores the contents of the form, unless they are what it began with. */
  readonly keep = (): void => {
    this.#draft.keepUnless($state.snapshot<unknown>(this.fields) as T, this.#fresh)
  }

  /** Drops the draft, because the form was sent or begins again. */
  readonly drop = (): void => {
    this.#draft.drop()
  }

  readonly startAfresh = (): void => {
    this.fields = this.#fresh
    this.found = false
    this.drop()
  }

  readonly putAside = (): void => {
    const { onclose, onreopen } = this.#ways()
    if (this.#draft.putAside()) {
      toasts.show('What you typed is kept.', { label: 'Go on', run: onreopen })
    }
    onclose()
  }

  readonly throwAway = (): void => {
    const { onclose, onreopen } = this.#ways()
    const dropped = this.#draft.drop()
    if (dropped !== undefined) {
      const back = () => {
        this.#draft.keep(dropped)
        onreopen()
      }
      toasts.show('What you typed is thrown away.', { label: 'Undo', run: back })
    }
    onclose()
  }
}
