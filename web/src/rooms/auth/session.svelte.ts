// Who is signed in on this page. The session itself is a cookie that no script can read, so the only way
// to know is to ask the server for /me; a 401 to anything means that nobody is signed in any more.
import { answer, api, type Me, whenUnauthorized } from '../../api/client'
import { ApiError } from '../../api/error'
import { Resource } from '../../api/resource.svelte'
import { Locker } from '../../lib/locker'

class Session {
  #me = new Resource(() => answer(api.GET('/api/v1/me')))
  #refused = $state(false)
  /** The session ended by itself, in the middle of something. */
  expired = $state(false)

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

  start(): void {
    whenUnauthorized(() => {
      if (this.me) this.expired = true
      this.#end()
    })
    void this.load()
  }

  async load(): Promise<void> {
    if (await this.#me.load()) this.#refused = false
  }

  /** Throws an ApiError when the server does not accept the pair. */
  async signIn(username: string, password: string): Promise<void> {
    await answer(api.POST('/api/v1/auth/login', { body: { username, password } }))
    await this.load()
    if (!this.me) throw this.problem ?? new ApiError(401, {})
    this.expired = false
  }

  /** Ends the session on the server, then forgets all that was kept here for this person. */
  async signOut(): Promise<void> {
    await answer(api.POST('/api/v1/auth/logout'))
    this.forget()
  }

  /** Nothing of this person may linger in this browser. */
  forget(): void {
    if (this.me) new Locker(localStorage, this.me.username).clear()
    this.expired = false
    this.#end()
  }

  /** Takes in a changed profile. */
  update(me: Me): void {
    this.#me.set(me)
  }

  #end(): void {
    this.#me.set(undefined)
    this.#refused = true
  }
}

export const session = new Session()
