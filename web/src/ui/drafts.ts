// Closing a form keeps what was typed and says so; throwing it away can be undone.
import type { Draft } from '../lib/draft'
import { toasts } from './toasts.svelte'

interface Ways {
  onclose: () => void
  /** Opens the form again. */
  onreopen: () => void
}

export function putAside(draft: Draft<unknown>, { onclose, onreopen }: Ways): void {
  if (draft.putAside()) toasts.show('What you typed is kept.', { label: 'Go on', run: onreopen })
  onclose()
}

export function throwAway<T>(draft: Draft<T>, { onclose, onreopen }: Ways): void {
  const dropped = draft.drop()
  if (dropped !== undefined) {
    const back = () => {
      draft.keep(dropped)
      onreopen()
    }
    toasts.show('What you typed is thrown away.', { label: 'Undo', run: back })
  }
  onclose()
}
