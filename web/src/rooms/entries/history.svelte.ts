// The entries of one person, newest first, page by page. Changes made on this page are put into the list
// at once; the list is otherwise as old as its pages, which the newest-first order keeps true.
import { answer, api, type Entry, type Metric } from '../../api/client'
import { ApiError } from '../../api/error'
import { Resource } from '../../api/resource.svelte'
import { place, remove } from './timeline'
import type { Listener } from './writer.svelte'

const PAGE = 100

interface Page {
  items: Entry[]
  next_cursor: string | null
}

export class History implements Listener {
  readonly username: string
  readonly metric: Metric | undefined
  readonly first: Resource<Page>
  /** Why older entries could not be loaded. */
  problem = $state.raw<ApiError>()
  loadingOlder = $state(false)

  constructor(username: string, metric?: Metric) {
    this.username = username
    this.metric = metric
    this.first = new Resource(() => this.#fetch())
  }

  get entries(): Entry[] {
    return this.first.value?.items ?? []
  }

  /** Whether the server has older ones. */
  get more(): boolean {
    return Boolean(this.first.value?.next_cursor)
  }

  async older(): Promise<void> {
    const cursor = this.first.value?.next_cursor
    if (!cursor || this.loadingOlder) return
    this.loadingOlder = true
    this.problem = undefined
    try {
      const page = await this.#fetch(cursor)
      // An entry that was backdated meanwhile may be in both.
      const known = new Set(this.entries.map((entry) => entry.id))
      const items = page.items.filter((entry) => !known.has(entry.id))
      this.first.set({ ...page, items: [...this.entries, ...items] })
    } catch (problem) {
      if (!(problem instanceof ApiError)) throw problem
      this.problem = problem
    } finally {
      this.loadingOlder = false
    }
  }

  saved(entry: Entry): void {
    if (this.metric && entry.metric !== this.metric) return
    this.#change((entries) => place(entries, entry, this.more))
  }

  removed(entry: Entry): void {
    this.#change((entries) => remove(entries, entry.id))
  }

  settled(): void {
    // The server's answer to the change is what was put into the list: there is nothing to ask for.
  }

  #change(how: (entries: Entry[]) => Entry[]): void {
    const page = this.first.value
    if (page) this.first.set({ ...page, items: how(page.items) })
  }

  #fetch(cursor?: string): Promise<Page> {
    const path = { username: this.username }
    const metric = this.metric && { metric: this.metric }
    const query = { limit: PAGE, ...metric, ...(cursor && { cursor }) }
    return answer(api.GET('/api/v1/people/{username}/entries', { params: { path, query } }))
  }
}
