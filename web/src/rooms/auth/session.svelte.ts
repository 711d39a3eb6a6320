// The session of this page. It is a cookie that no script can read and all tabs share, so the only way to know it is to
// ask the server; a 401 to anything means that nobody is signed in any more. When another tab signs in as somebody
// else, this page begins again, so that nothing of one person stays in it under the name of the other.
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

/** Prefix of the keys of changes that have not reached the server. */
const WAITING = 'pending:'

/** A message for the page that begins again because another tab signed in as somebody else. */
export interface Instead {
  was: string
  /** Whether changes of theirs wait here. */
  waiting: boolean
}

class Session {
  #me = new Resource(() => this.#ask())
  #refused = $state(false)
  /** Whether the session ended by itself, in the middle of something. */
  expired = $state(false)
  instead = $state.raw<Instead>()
  #temporary = $state<string>()
  #first: Start | undefined
  #replaced = false
  /** The person whose session ended by itself on this page. */
  #was: string | undefined
  #loaded = Promise.resolve()
  #signingIn = false

  get me(): Me | undefined {
    return this.#me.value
  }

  /** Whether the server has said that nobody is signed in. */
  get anonymous(): boolean {
    return this.#refused && !this.me
  }

  get problem(): ApiError | undefined {
    return this.#me.problem
  }

  get loading(): boolean {
    return this.#me.loading
  }

  /** The temporary password, if it has just been typed here: it need not be typed twice. */
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

  /** Returns the server's first answer about everything, once, as it is soon out of date. */
  takeFirst(): Start | undefined {
    const first = this.#first
    this.#first = undefined
    return first
  }

  /** Throws an ApiError when the server does not accept them. */
  signIn(username: string, password: string): Promise<void> {
    return this.#begin({ username, password }, password)
  }

  /** The second step: the code, and the continuation from the first step in place of the password. */
  goOn(username: string, continuation: string, code: string): Promise<void> {
    return this.#begin({ username, continuation, ...(code && { totp_code: code }) })
  }

  async #begin(body: components['schemas']['Credentials'], password?: string): Promise<void> {
    this.#signingIn = true
    try {
      // The person acts for themself from here on, and pauses meant for anonymous requests do not hold them back.
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

  /** Ends the session on the server, then forgets everything stored here for this person, unless it is to stay. */
  async signOut(keep = false): Promise<void> {
    // The stream may report the end of the session before the answer does.
    const username = this.me?.username
    await answer(api.POST('/api/v1/auth/logout'))
    this.forget(keep, username)
  }

  /** Whether somebody else has signed in since: what this person asked for is not said to them, and moves them nowhere. */
  isOfAnother(username: string | undefined): boolean {
    return this.me !== undefined && this.me.username !== username
  }

  /** Removes everything of this person from this browser, unless they want it to stay. */
  forget(keep = false, username = this.me?.username): void {
    if (username !== undefined && !keep) new LocalStore(keeping.shelf, username).clear()
    if (this.isOfAnother(username)) return
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

  /** Notes that nobody is signed in any more, or never was. */
  #expire(): void {
    // The page begins again, and messages are for the new one.
    if (this.#replaced) return
    if (this.me) {
      this.expired = true
      this.#was = this.me.username
    }
    this.#end()
    this.#sayInstead()
  }

  /** Takes note of who is signed in now, as another tab says; empty for nobody. */
  #hear(who: string): void {
    const mine = this.me?.username ?? this.#was
    if (mine === undefined) void this.#follow(who)
    else if (!this.me && who === mine) void this.load()
    else if (!this.me && who === '') this.#tellInstead(mine)
    else if (who !== mine) this.#replace(mine)
  }

  /** Takes over another tab's sign-in on a page where nobody is signed in, unless something is typed here. */
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

  /** Drops everything on screen at once, and begins again as soon as somebody looks. */
  #replace(was: string): void {
    if (this.#replaced) return
    this.#replaced = true
    this.#me.set(undefined)
    const begin = () => {
      if (document.hidden) return
      document.removeEventListener('visibilitychange', begin)
      // The history entry survives the reload even where nothing can be stored.
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
