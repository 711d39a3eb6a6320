export interface Throttled {
  (): void
  /** Drops the call that is waiting. */
  stop: () => void
}

/**
 * Calls `run` at most once in `ms` milliseconds: the first time at once, and once more at the end of that time if it
 * was asked to meanwhile.
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
