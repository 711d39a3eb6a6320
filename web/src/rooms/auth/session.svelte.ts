// The session of this page. It is a cookie that no script can read and all tabs share, so the only way to know it is to
// ask the server; a 401 to anything means that nobody is signed in any more. Where another tab has signed in as
// somebody else, this page begins again, so that nothing of the one is left in it under the name of the other.
import { acting } from '../../api/acting'
import { answer, api, onProblem } from '../../api/client'
import type { Me, Start } from '../../api/types'
import { ApiError } from '../../api/error'
import { instance } from '../../api/instance.svelte'
import { forgetAnswers } from '../../api/known'
import { Resource } from '../../api/resource.svelte'
import type { components } from '../../api/schema'
import { forgetStreams } from '../../api/shared'
import { keeping } from '../../api/keeping.svelte'
import { LocalStore } from '../../lib/local-store'
import { router } from '../../ui/router.svelte'
import { announce, listen } from './tabs'

/** How the keys of what has not reached the server begin. */
const WAITING = 'pending:'

/** A message for the page that begins again because another tab has signed in as somebody else. */
export interface Instead {
  was: string
  /** Something of theirs is kept here. */
  waiting: boolean
}

class Session {
  #me = new Resource(() => this.#ask())
  #refused = $state(false)
  /** The session ended by itself, in the middle of something. */
  expired = $state(false)
  instead = $state.raw<Instead>()
  #temporary = $state<string>()
  #first: Start | undefined
  #replaced = false
  /** Whose session ended by itself on this page. */
  #was: string | undefined
  #loaded = Promise.resolve()
  #signingIn = false

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
      if (code === 'other_account' && this.me) this.#replace(this.me.username)
      if (signedOut) this.#expire()
    })
    listen((who) => {
      this.#hear(who)
    })
    void this.load()
  }

  load(): Promise<void> {
    this.#loaded = this.#load()
    return this.#loaded
  }

  async #load(): Promise<void> {
    if (!(await this.#me.load()) || !this.me) return
    this.#refused = false
    this.#was = undefined
    acting.as = this.me.username
    if (this.instead?.was === this.me.username) this.instead = undefined
    this.#sayInstead(this.me.username)
    announce(this.me.username)
  }

  /** The server's first answer about everything; given once, as it is soon out of date. */
  takeFirst(): Start | undefined {
    const first = this.#first
    this.#first = undefined
    return first
  }

  /** Throws an ApiError when the server does not accept them. */
  signIn(username: string, password: string): Promise<void> {
    return this.#begin({ username, password }, password)
  }

  /** The second step: the code, and what the first step gave in place of the password. */
  goOn(username: string, continuation: string, code: string): Promise<void> {
    return this.#begin({ username, continuation, ...(code && { totp_code: code }) })
  }

  async #begin(body: components['schemas']['Credentials'], password?: string): Promise<void> {
    this.#signingIn = true
    try {
      // The person let in acts from here on: a refusal to nobody in particular does not hold them back.
      acting.as = undefined
      const { user } = await answer(api.POST('/api/v1/auth/login', { body }))
      acting.as = user.username
      this.instead = undefined
      await this.load()
    } finally {
      this.#signingIn = false
    }
    if (!this.me) throw this.problem ?? new ApiError(401, {})
    if (this.me.password_change_required) this.#temporary = password
    this.expired = false
  }

  /** Ends the session on the server, then forgets all that was kept here for this person, unless it is to stay. */
  async signOut(keep = false): Promise<void> {
    // The stream may say before the answer does that the session is over.
    const username = this.me?.username
    await answer(api.POST('/api/v1/auth/logout'))
    this.forget(keep, username)
  }

  /** Nothing of this person may linger in this browser, unless they want that. */
  forget(keep = false, username = this.me?.username): void {
    if (username !== undefined && !keep) new LocalStore(keeping.shelf, username).clear()
    this.expired = false
    this.#was = undefined
    this.#end()
    announce('')
  }

  /** Takes in a changed profile. */
  update(me: Me): void {
    if (me.username === this.me?.username) this.#me.set(me)
  }

  async #ask(): Promise<Me> {
    const { route } = router
    const person = route.name === 'dashboard' ? route.person : undefined
    const query = person === undefined ? {} : { person }
    const start = await answer(api.GET('/api/v1/start', { params: { query } }))
    this.#first = start
    instance.set(start.instance)
    if (start.me) return start.me
    this.#expire()
    throw new ApiError(401, {})
  }

  /** Nobody is signed in any more, or never was. */
  #expire(): void {
    // The page begins again, and what it is told then is for that one.
    if (this.#replaced) return
    if (this.me) {
      this.expired = true
      this.#was = this.me.username
    }
    this.#end()
    this.#sayInstead()
  }

  /** Another tab says who is signed in now; nobody, if that is empty. */
  #hear(who: string): void {
    const mine = this.me?.username ?? this.#was
    if (mine === undefined) void this.#follow(who)
    else if (!this.me && who === mine) void this.load()
    else if (!this.me && who === '') this.#tellInstead(mine)
    else if (who !== mine) this.#replace(mine)
  }

  /** Nobody has been signed in on this page: it takes over who is, unless something is typed here that goes with nobody. */
  async #follow(who: string): Promise<void> {
    // An answer on its way may be older.
    await this.#loaded
    const here = this.me !== undefined || this.#signingIn || router.route.name === 'register'
    if (who !== '' && !here) await this.load()
  }

  #end(): void {
    acting.as = undefined
    forgetStreams()
    forgetAnswers()
    this.#temporary = undefined
    this.#first = undefined
    this.#me.set(undefined)
    this.#refused = true
  }

  /** Drops all that is shown, at once, and begins again as soon as somebody looks. */
  #replace(was: string): void {
    if (this.#replaced) return
    this.#replaced = true
    this.#me.set(undefined)
    const begin = () => {
      if (document.hidden) return
      document.removeEventListener('visibilitychange', begin)
      // Survives the reload also where nothing else is kept.
      history.replaceState({ was }, '', '/')
      location.reload()
    }
    document.addEventListener('visibilitychange', begin)
    begin()
  }

  #sayInstead(now?: string): void {
    const { was } = (history.state ?? {}) as { was?: string }
    if (was === undefined) return
    history.replaceState(null, '')
    if (was !== now) this.#tellInstead(was)
  }

  #tellInstead(was: string): void {
    const waiting = new LocalStore(keeping.shelf, was).keys(WAITING).length > 0
    this.expired = false
    this.instead = { was, waiting }
  }
}

export const session = new Session()
