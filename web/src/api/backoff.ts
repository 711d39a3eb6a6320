const FIRST_MS = 1_000
const LONGEST_MS = 30_000

/**
 * How long to wait before trying again, in milliseconds: one second, doubled with every failure up to thirty, and half
 * of it random so that many pages do not come back at the same moment.
 */
export function backoff(failures: number, random: number): number {
  const whole = Math.min(FIRST_MS * 2 ** failures, LONGEST_MS)
  return whole / 2 + (whole / 2) * random
}
