// A change that may fail, and the Undo that a toast offers: a failure says so and offers to try again.
import { ApiError } from '../../api/error'
import { explain } from '../../lib/explain'
import type { PageToasts } from '../../ui/toasts.svelte'

type Says = Pick<PageToasts, 'show'>

export function undo(run: () => Promise<unknown>, says: Says) {
  return { label: 'Undo', run: () => void attempt('That could not be undone.', run, says) }
}

/**
 * Runs something that may fail, and returns false where it failed or waits. A failure says `sorry` and offers to try
 * again.
 */
export async function attempt(
  sorry: string,
  run: () => Promise<unknown>,
  says: Says,
): Promise<boolean> {
  try {
    return (await run()) !== false
  } catch (problem) {
    if (!(problem instanceof ApiError)) throw problem
    const why = problem.unanswered ? sorry : `${sorry} ${explain(problem).what}`
    says.show(why, { label: 'Try again', run: () => void attempt(sorry, run, says) })
    return false
  }
}
