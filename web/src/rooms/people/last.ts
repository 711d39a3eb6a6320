// The time of somebody's last drink, for the line below how long ago that was.
import type { Status } from '../../api/types'
import { timeSeen, toWall } from '../../lib/time'

type Water = Pick<Status['water'], 'today_ml'>

/**
 * The time as `timeSeen` shows it. A drink at night may count for the day before: where its date is today's and today's
 * total does not include it, the words say so.
 */
export function lastTime(at: string, { today_ml }: Water, zone: string, now: number): string {
  const date = (instant: string | number) => toWall(instant, zone).slice(0, 10)
  const elsewhere = today_ml === 0 && date(at) === date(now)
  return `${timeSeen(at, zone, now)}${elsewhere ? ', counted for another day' : ''}`
}
