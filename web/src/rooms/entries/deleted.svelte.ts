// The deleted entries, the last one first. A restored entry leaves the list and a deleted one joins it, wherever that
// was done.
import { answer, api } from '../../api/client'
import type { DeletedEntry, Entry } from '../../api/types'
import { clock } from '../../api/clock.svelte'
import { Paged } from '../../api/paged.svelte'
import type { Follower, WriteFollower } from '../live/follower'

const PAGE = 50

export class Deleted extends Paged<DeletedEntry> implements Follower, WriteFollower {
  constructor() {
    super((cursor) => {
      const query = { limit: PAGE, ...(cursor && { cursor }) }
      return answer(api.GET('/api/v1/entries/deleted', { params: { query } }))
    })
  }

  saved({ id }: Pick<Entry, 'id'>): void {
    this.change((items) => items.filter((item) => item.id !== id))
  }

  removed(entry: Entry): void {
    this.saved(entry)
    const deleted_at = new Date(clock.exact()).toISOString()
    this.change((items) => [{ ...entry, deleted_at }, ...items])
  }

  entry(id: string, entry: Entry | null): void {
    if (entry) this.saved(entry)
    else if (!this.items?.some((item) => item.id === id)) this.stale()
  }

  stale(): void {
    void this.first.load()
  }
}
