/** `in a moment`, `in 5 minutes` or `in 3 hours`: never sooner than `wait` milliseconds. */
export function waitWords(wait: number): string {
  if (wait < 60_000) return 'in a moment'
  const minutes = Math.ceil(wait / 60_000)
  if (minutes > 120) return `in ${Math.ceil(minutes / 60)} hours`
  return minutes === 1 ? 'in a minute' : `in ${minutes} minutes`
}
