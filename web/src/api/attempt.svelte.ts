// One request at the press of a button: whether it is under way, and why it was last refused.
import { ApiError } from './error'
import { pause } from './pause'

export class Attempt {
  busy = $state(false)
  problem = $state.raw<ApiError>()
  /** An earlier try got no answer, and may have succeeded: a later one may be refused for that. */
  unsure = $state(false)

  /**
   * Returns true when it worked. Pressing again while it is under way does nothing. When a try is refused after one
   * that got no answer, `settle` finds out whether the earlier one succeeded, and fetches what its answer would have
   * brought.
   */
  async run(
    what: () => Promise<unknown>,
    settle?: (refused: ApiError) => Promise<boolean>,
  ): Promise<boolean> {
    if (this.busy) return false
    this.busy = true
    this.problem = undefined
    pause.lift()
    try {
      await what().catch(async (error: unknown) => {
        const refused = error instanceof ApiError && !error.unanswered && error
        if (!refused || !this.unsure || !(await settle?.(refused).catch(unlessLost))) throw error
      })
      this.unsure = false
      return true
    } catch (error) {
      if (!(error instanceof ApiError)) throw error
      this.problem = error
      this.unsure ||= error.unanswered
      return false
    } finally {
      this.busy = false
    }
  }
}

/** A failure to find out is the problem to show; a refusal is an answer. */
function unlessLost(error: unknown): false {
  if (error instanceof ApiError && !error.unanswered) return false
  throw error
}
