// A long list that comes page by page, in the order the server has it.
import { ApiError } from './error'
import { Resource } from './resource.svelte'

export interface PageOf<T> {
  items: T[]
  next_cursor: string | null
}

export class Paged<T> {
  readonly first: Resource<PageOf<T>>
  /** Why the next page could not be loaded. */
  problem = $state.raw<ApiError>()
  loadingMore = $state(false)
  #fetch: (cursor?: string) => Promise<PageOf<T>>

  constructor(fetch: (cursor?: string) => Promise<PageOf<T>>) {
    this.#fetch = fetch
    this.first = new Resource(() => fetch())
  }

  /** Undefined until the server has answered. */
  get items(): T[] | undefined {
    return this.first.value?.items
  }

  get more(): boolean {
    return Boolean(this.first.value?.next_cursor)
  }

  async loadMore(): Promise<void> {
    const cursor = this.first.value?.next_cursor
    if (!cursor || this.loadingMore) return
    this.loadingMore = true
    this.problem = undefined
    try {
      const next = await this.#fetch(cursor)
      // The list was loaded anew meanwhile, and this may not be what follows it.
      if (this.first.value?.next_cursor !== cursor) return
      this.first.change(({ items }) => ({ ...next, items: [...items, ...next.items] }))
    } catch (problem) {
      if (!(problem instanceof ApiError)) throw problem
      this.problem = problem
    } finally {
      this.loadingMore = false
    }
  }

  /** Puts a change that the server has taken in into the list as well. */
  change(how: (items: T[]) => T[]): void {
    this.first.change((page) => ({ ...page, items: how(page.items) }))
  }
}
