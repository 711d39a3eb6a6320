// The shares of an admin: viewers, requests, and shares that ended. It is the whole list, so that open requests can be
// counted in the bar. Changes made here and changes from elsewhere all go through `changed`.
import { createContext } from 'svelte'
import { answer, api } from '../../api/client'
import type { Share, ShareChange } from '../../api/types'
import { ApiError } from '../../api/error'
import { Resource } from '../../api/resource.svelte'
import { fetchAllPages } from '../../api/fetch-all-pages'
import type { Live } from '../live/live.svelte'

/** How long the list waits for more urgent requests of the screen. */
const FIRST_MS = 2_000

export class Shares {
  readonly list = new Resource(() =>
    fetchAllPages((query) => answer(api.GET('/api/v1/me/shares', { params: { query } }))),
  )
  readonly requests = $derived(this.#of('requested'))
  readonly approved = $derived(this.#of('approved'))
  readonly ended = $derived(this.#of('ended'))

  /** Loads the list soon, and follows the server's reports about it. Returns the function that ends this. */
  start(live: Live): () => void {
    const first = setTimeout(() => {
      if (!this.list.value && !this.list.loading) void this.list.load()
    }, FIRST_MS)
    const stopListening = live.onShare({
      share: (share) => {
        this.changed(share)
      },
      stale: () => {
        if (this.list.value || this.list.loading) void this.list.load()
      },
    })
    return () => {
      clearTimeout(first)
      stopListening()
      this.list.stop()
    }
  }

  /** Takes in a share as the server has it now; a new one is put where it belongs. */
  changed(share: Share): void {
    const list = this.list.value
    // A list on its way may be older than this share. One that could not be loaded is asked for again by itself.
    if (this.list.loading || (!list && !this.list.problem)) void this.list.load()
    if (!list) return
    const others = list.filter(({ username }) => username !== share.username)
    const index = others.findIndex(({ username }) => username > share.username)
    this.list.value = others.toSpliced(index < 0 ? others.length : index, 0, share)
  }

  /** Throws an ApiError when it could not be changed. */
  async change(username: string, body: ShareChange): Promise<Share> {
    const params = { path: { username } }
    const share = await answer(api.PATCH('/api/v1/me/shares/{username}', { params, body }))
    this.#answered(share)
    return share
  }

  /** Declines or revokes. Throws an ApiError when it could not be ended. */
  async end(share: Share): Promise<void> {
    const params = { path: { username: share.username } }
    try {
      await answer(api.DELETE('/api/v1/me/shares/{username}', { params }))
    } catch (error) {
      // Somebody was faster, or the viewer is gone: there is nothing left to end.
      if (!(error instanceof ApiError && error.status === 404)) throw error
    }
    this.#answered({ ...share, state: 'ended', watching: false })
  }

  /** Takes in the answer to a change made here, unless the server has reported something newer meanwhile. */
  #answered(share: Share): void {
    this.changed(share)
    void this.list.load()
  }

  #of(state: Share['state']): Share[] {
    return (this.list.value ?? []).filter((share) => share.state === state)
  }
}

export const [useShares, provideShares] = createContext<Shares>()
