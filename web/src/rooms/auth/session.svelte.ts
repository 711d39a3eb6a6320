// Who is signed in on this page. The session itself is a cookie that no script can read, so the only way
// to know is to ask the server for /me; a 401 to anything means that nobody is signed in any more.
import { answer, api, type Me, onProblem } from '../../api/client'
import { ApiError } from '../../api/error'
import { Resource } from '../../api/resource.svelte'
import { keeping } from '../../lib/keeping.svelte'
import { Locker } from '../../lib/locker'

/** How the keys of what has not reached the server begin. */
const WAITING = 'pending:'

class Session {
  #me = new Resource(() => answer(api.GET('/api/v1/me')))
  #refused = $state(false)
  /** The session ended by itself, in the middle of something. */
  expired = $state(false)
  #temporary = $state<string>()

  get me(): Me | undefined {
    return this.#me.value
  }

  /** The server has said that nobody is signed in. */
  get anonymous(): boolean {
    return this.#refused && !this.me
  }

  get problem(): ApiError | undefined {
    return this.#me.problem
  }

  get loading(): boolean {
    return this.#me.loading
  }

  /** The temporary password, if it has just been typed here: it is asked for only once. */
  get temporaryPassword(): string | undefined {
    return this.me?.password_change_required ? this.#temporary : undefined
  }

  start(): void {
    onProblem(({ signedOut, code }) => {
      // An admin has set a temporary password meanwhile.
      if (code === 'password_change_required') void this.load()
      if (!signedOut) return
      if (this.me) this.expired = true
      this.#end()
    })
    void this.load()
  }

  async load(): Promise<void> {
    if (await this.#me.load()) this.#refused = false
  }

  /** Throws an ApiError when the server does not accept them. `code` is of the second factor. */
  async signIn(username: string, password: string, code?: string): Promise<void> {
    const body = { username, password, ...(code && { totp_code: code }) }
    await answer(api.POST('/api/v1/auth/login', { body }))
    await this.load()
    if (!this.me) throw this.problem ?? new ApiError(401, {})
    if (this.me.password_change_required) this.#temporary = password
    this.expired = false
  }

  /** Ends the session on the server, then forgets all that was kept here for this person, but what waits if it is to stay. */
  async signOut(keep = false): Promise<void> {
    await answer(api.POST('/api/v1/auth/logout'))
    this.forget(keep)
  }

  /** Nothing of this person may linger in this browser, unless they want that. */
  forget(keep = false): void {
    if (this.me) new Locker(keeping.shelf, this.me.username).clear(keep ? WAITING : undefined)
    this.expired = false
    this.#end()
  }

  /** Takes in a changed profile. */
  update(me: Me): void {
    this.#me.set(me)
  }

  #end(): void {
    this.#temporary = undefined
    this.#me.set(undefined)
    this.#refused = true
  }
}

export const session = new Session()
