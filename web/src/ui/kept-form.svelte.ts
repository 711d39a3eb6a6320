// A form that is stored in this browser until it is sent or thrown away. A toast says when it is closed, and throwing
// it away can be undone. What it sends has the id of the draft, so one intention stays one, whichever page sends it.
import { clock } from '../api/clock.svelte'
import { newId } from '../api/uuid'
import { deepEqual } from '../lib/deep-equal'
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
  /** Whether the form is gone from the screen. A later answer closes nothing: another form may be open by then. */
  left = false
  /** Whether the last try was not the first under its id. */
  again = false
  #id: string | undefined
  /** The contents that were sent last: an answer is about those, whatever was typed since. */
  #sent: T | undefined
  /** Whether somebody else keeps what was sent. */
  #handedOver = false
  readonly #draft: Draft<T>
  readonly #fresh: T
  readonly #ways: () => Ways

  /** `fresh` is the form with nothing changed; `read` converts what an earlier page stored into a present one. */
  constructor(
    draft: Draft<T>,
    fresh: T,
    ways: () => Ways = () => ({ onclose: nothing, onreopen: nothing }),
    read = (kept: T): T => ({ ...fresh, ...kept }),
  ) {
    const kept = draft.form
    this.fields = $state(kept ? read(kept) : fresh)
    this.found = $state(kept !== undefined && !draft.open)
    this.#draft = draft
    this.#fresh = fresh
    this.#ways = ways
    this.#id = draft.id
    draft.takeUp()
    $effect(() => () => {
      this.left = true
    })
  }

  /** The id to send the form under: the same for every try, until the draft is dropped. Stores it with the form. */
  get id(): string {
    this.again = this.#id !== undefined
    this.#id ??= newId(clock.exact())
    this.send()
    return this.#id
  }

  /** Notes what is sent now, and stores it. A form that is sent under an id does so by asking for that. */
  send(): void {
    this.#sent = this.#typed
    this.#handedOver = false
    this.keep()
  }

  /** Whether the contents are no longer what was sent. */
  get typedOn(): boolean {
    return this.#sent !== undefined && !deepEqual(this.#typed, this.#sent)
  }

  /** Stores the contents of the form, unless they are what it began with, or kept elsewhere. */
  readonly keep = (): void => {
    const id = this.#id
    if (this.#handedOver && !this.typedOn) this.#draft.drop()
    else if (id === undefined) this.#draft.keepUnless(this.#typed, this.#fresh)
    else this.#draft.keep(this.#typed, id)
  }

  /** Drops the draft, because the form was sent or begins again. */
  readonly drop = (): void => {
    if (this.left && this.#holdsMore) return
    this.#id = undefined
    this.#sent = undefined
    this.#handedOver = false
    this.#draft.drop()
  }

  /** Somebody else keeps what was sent, and the form what is typed from now on, as another state of the same. */
  readonly handOver = (): void => {
    this.#handedOver = true
    if (!this.#holdsMore) this.#draft.drop()
  }

  /** Stores again what was sent and refused; false where the form is gone. */
  readonly takeBack = (): boolean => {
    this.#handedOver = false
    if (!this.left) this.keep()
    return !this.left
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
    const { id } = this.#draft
    const dropped = this.#draft.drop()
    if (dropped !== undefined) {
      const back = () => {
        this.#draft.keep(dropped, id)
        onreopen()
      }
      toasts.show('What you typed is thrown away.', { label: 'Undo', run: back })
    }
    onclose()
  }

  /** Whether the draft is more than what was sent: typed on, here or in another form that has gone on with it. */
  get #holdsMore(): boolean {
    const { form } = this.#draft
    return form !== undefined && !deepEqual(form, this.#sent ?? this.#typed)
  }

  get #typed(): T {
    return $state.snapshot<unknown>(this.fields) as T
  }
}

function nothing(): void {
  // A form that stands on its page is neither closed nor opened.
}
