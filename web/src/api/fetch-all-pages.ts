// A list that is needed as a whole: to find somebody in it, or to count.
import type { PageOf } from './paged.svelte'

/** The largest page that the server returns. */
const PAGE = 500

/** Every page of a list, one after the other. */
export async function fetchAllPages<T>(
  fetch: (query: { limit: number; cursor?: string }) => Promise<PageOf<T>>,
): Promise<T[]> {
  const items: T[] = []
  let cursor: string | null = null
  do {
    const page = await fetch({ limit: PAGE, ...(cursor && { cursor }) })
    items.push(...page.items)
    cursor = page.next_cursor
  } while (cursor)
  return items
}
