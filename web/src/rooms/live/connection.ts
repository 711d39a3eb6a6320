import type { Health } from '../../api/stream.svelte'
import { ago } from '../../lib/time'

/**
 * How well the page is connected: the state in a word or two, and what else there is to say about it. `heardAt` is when
 * the server was last heard; 0 for never.
 */
export function connectionWords(
  health: Health,
  online: boolean,
  heardAt: number,
  now: number,
): { state: string; since: string } {
  if (health === 'live') return { state: 'Live', since: '' }
  if (health === 'polling') return { state: 'Updating every 30 s', since: '' }
  const since = heardAt === 0 ? '' : `, last heard ${ago(new Date(heardAt).toISOString(), now)}`
  if (!online) return { state: 'Offline', since }
  return { state: health === 'connecting' ? 'Connecting' : 'Reconnecting', since }
}
