// One request at the press of a button: whether it is under way, and why it was refused the last time.
import { newId } from './uuid'
import { clock } from './clock.svelte'
import { ApiError } from './error'
import { pause } from './pause'

export class Attempt {
  busy = $state(false)
  problem = $state.raw<ApiError>()
  /** An earlier try went unanswered, and may have done what a later one is refused for. */
  unsure = $state(false)
  #id: string | undefined

  /** One intention is one id: the same for every try, until one works. */
  get id(): string {
    return (this.#id ??= newId(clock.exact()))
  }

  /**
   * True when it worked. Pressing again while it is under way does nothing. `settle` finds out, for a refusal after a try that
   * went unanswered, whether that one has done what is wanted, and takes up what only its answer would have brought.
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
      this.#id = undefined
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

/** Where it could not be found out, that is the problem; a refusal is an answer. */
function unlessLost(error: unknown): false {
  if (error instanceof ApiError && !error.unanswered) return false
  throw error
}
