// Something that is asked of the server at a press of a button: whether it is under way, and why it was
// refused the last time.
import { ApiError } from './error'
import { pause } from './pause'

export class Attempt {
  busy = $state(false)
  problem = $state.raw<ApiError>()

  /** True when it worked. Pressing again while it is under way does nothing. */
  async run(what: () => Promise<unknown>): Promise<boolean> {
    if (this.busy) return false
    this.busy = true
    this.problem = undefined
    pause.lift()
    try {
      await what()
      return true
    } catch (error) {
      if (!(error instanceof ApiError)) throw error
      this.problem = error
      return false
    } finally {
      this.busy = false
    }
  }
}
