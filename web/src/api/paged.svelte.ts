// A long list that comes page by page, in the order the server has it.
import type { ApiError } from './error'
import { More } from './more.svelte'
import { Resource } from './resource.svelte'

export interface PageOf<T> {
  items: T[]
  next_cursor: string | null
}

export class Paged<T> {
  readonly first: Resource<PageOf<T>>
  readonly rest = new More(() => this.#next())
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

  /** Why the next page could not be loaded. */
  get problem(): ApiError | undefined {
    return this.rest.problem
  }

  get loadingMore(): boolean {
    return this.rest.loading
  }

  loadMore(): Promise<void> {
    return this.rest.load()
  }

  /** Applies a change that the server has accepted to the list as well. */
  change(how: (items: T[]) => T[]): void {
    this.first.change((page) => ({ ...page, items: how(page.items) }))
  }

  async #next(): Promise<void> {
    const cursor = this.first.value?.next_cursor
    if (!cursor) return
    const next = await this.#fetch(cursor)
    // The list was loaded again meanwhile, and this page may not be the one that follows it.
    if (this.first.value?.next_cursor !== cursor) return
    this.first.change(({ items }) => ({ ...next, items: [...items, ...next.items] }))
  }
}
