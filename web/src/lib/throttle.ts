export interface Throttled {
  (): void
  /** Drops the call that waits. */
  stop: () => void
}

/**
 * Calls `run` no more often than once in `ms` milliseconds: the first time at once, and once more at the end of that time
 * if it was called meanwhile.
 */
export function throttle(run: () => void, ms: number): Throttled {
  let timer: ReturnType<typeof setTimeout> | undefined
  let waiting = false

  const call = () => {
    if (timer !== undefined) {
      waiting = true
      return
    }
    timer = setTimeout(() => {
      timer = undefined
      if (waiting) call()
    }, ms)
    waiting = false
    run()
  }
  const stop = () => {
    clearTimeout(timer)
    timer = undefined
    waiting = false
  }
  return Object.assign(call, { stop })
}
