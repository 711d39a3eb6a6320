// A new password in place of a known one, even where an earlier try set it and its answer was lost.
import { Attempt } from '../../api/attempt.svelte'
import { answer, api } from '../../api/client'
import { toasts } from '../../ui/toasts.svelte'
import { session } from './session.svelte'

export class ChangePassword {
  readonly attempt = new Attempt()
  /** The password that a try without an answer may have set. */
  #sent = ''

  /** Returns whether `wanted` is the password now. */
  async run(current: string, wanted: string): Promise<boolean> {
    const { attempt } = this
    const username = session.me?.username
    const put = (current_password: string) =>
      answer(api.PUT('/api/v1/me/password', { body: { current_password, new_password: wanted } }))
    const done = await attempt.run(
      () => put(current),
      async ({ code }) => {
        if (code !== 'wrong_password') return false
        await put(this.#sent)
        return true
      },
    )
    if (attempt.problem?.unanswered) this.#sent = wanted
    if (attempt.unsure && attempt.problem?.signedOut && !session.isOfAnother(username)) {
      toasts.show('Your password was probably changed: sign in with the new one, or else the old.')
    }
    return done
  }
}
