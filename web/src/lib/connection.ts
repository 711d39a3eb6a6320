import { ago } from './time'

export type Connection = 'live' | 'reconnecting' | 'offline'

/** How well the page is connected, in words; `heardAt` is when the server last answered. */
export function connectionWords(connection: Connection, heardAt: number, now: number): string {
  const heard = ago(new Date(heardAt).toISOString(), now)
  if (connection === 'live') return now - heardAt < 60_000 ? 'Live' : `Updated ${heard}`
  const state = connection === 'offline' ? 'Offline' : 'Reconnecting'
  return heardAt === 0 ? state : `${state}, last heard ${heard}`
}
