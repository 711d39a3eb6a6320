// How often a form was pressed, for its fields: each press has an answer of its own.
import { getContext, setContext } from 'svelte'

const KEY = Symbol('presses')

export function providePresses(presses: () => number): void {
  setContext(KEY, presses)
}

/** A field may stand without a form around it. */
export function usePresses(): () => number {
  return getContext<(() => number) | undefined>(KEY) ?? (() => 0)
}
