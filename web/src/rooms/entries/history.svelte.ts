// The entries of one person, newest first, page by page. Changes made on this page and those that the server reports
// are put into the list as they come.
import { answer, api } from '../../api/client'
import type { ApiError } from '../../api/error'
import { More } from '../../api/more.svelte'
import type { Entry, Metric } from '../../api/types'
import type { PageOf } from '../../api/paged.svelte'
import { Resource } from '../../api/resource.svelte'
import type { Follower, WriteFollower } from '../live/follower'
import { isKnown, place, remove } from '../live/timeline'

/** The first page is small, since most people look at the last weeks. Later pages are larger, to save requests. */
const PAGE = 100
const LONG_PAGE = 500
const LONG_AFTER = 300

export class History implements Follower, WriteFollower {
  readonly username: string
  readonly metric: Metric | undefined
  readonly first: Resource<PageOf<Entry>>
  readonly rest = new More(() => this.#older())
  /** Counts the changes, so that a page requested before one of them is not trusted. */
  #changes = 0

  constructor(username: string, metric?: Metric) {
    this.username = username
    this.metric = metric
    this.first = new Resource(() => this.#fetchAsMany())
  }

  get entries(): Entry[] {
    return this.first.value?.items ?? []
  }

  /** Whether the server has older entries. */
  get more(): boolean {
    return Boolean(this.first.value?.next_cursor)
  }

  /** Why older entries could not be loaded. */
  get problem(): ApiError | undefined {
    return this.rest.problem
  }

  get loadingOlder(): boolean {
    return this.rest.loading
  }

  older(): Promise<void> {
    return this.rest.load()
  }

  saved(entry: Entry): void {
    if (this.metric && entry.metric !== this.metric) return
    if (isKnown(this.entries, entry)) return
    this.#change((entries) => place(entries, entry, this.more))
  }

  removed({ id }: Pick<Entry, 'id'>): void {
    this.#change((entries) => remove(entries, id))
  }

  entry(id: string, entry: Entry | null): void {
    if (entry) this.saved(entry)
    else this.removed({ id })
  }

  stale(): void {
    this.#changes += 1
    void this.first.load()
  }

  async #older(): Promise<void> {
    const cursor = this.first.value?.next_cursor
    if (!cursor) return
    let page: PageOf<Entry>
    let before: number
    do {
      before = this.#changes
      page = await this.#fetch(this.entries.length < LONG_AFTER ? PAGE : LONG_PAGE, cursor)
    } while (before !== this.#changes)
    // An entry that was backdated meanwhile may be in both.
    const known = new Set(this.entries.map((entry) => entry.id))
    const items = page.items.filter((entry) => !known.has(entry.id))
    this.first.change((shown) => ({ ...page, items: [...shown.items, ...items] }))
  }

  #change(how: (entries: Entry[]) => Entry[]): void {
    this.#changes += 1
    this.first.change((page) => ({ ...page, items: how(page.items) }))
  }

  /** Fetches as many entries as are shown, so that nothing jumps. */
  async #fetchAsMany(): Promise<PageOf<Entry>> {
    const wanted = this.entries.length
    let page = await this.#fetch(Math.min(Math.max(wanted, PAGE), LONG_PAGE))
    while (page.next_cursor && page.items.length < wanted) {
      const next = await this.#fetch(LONG_PAGE, page.next_cursor)
      page = { ...next, items: [...page.items, ...next.items] }
    }
    return page
  }

  #fetch(limit: number, cursor?: string): Promise<PageOf<Entry>> {
    const path = { username: this.username }
    const metric = this.metric && { metric: this.metric }
    const query = { limit, ...metric, ...(cursor && { cursor }) }
    return answer(api.GET('/api/v1/people/{username}/entries', { params: { path, query } }))
  }
}
