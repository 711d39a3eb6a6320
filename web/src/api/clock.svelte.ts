// The time by the server's clock, so that "12 min ago" is right and an entry is not refused for being
// in the future on a device whose own clock is wrong. `clock.now` ticks, so what is derived from it
// stays true on an open page.
import { clockOffset } from '../lib/time'

const TICK_MS = 10_000

class Clock {
  #offset = $state(0)
  #ticked = $state(Date.now())

  constructor() {
    const tick = () => (this.#ticked = Date.now())
    setInterval(tick, TICK_MS)
    document.addEventListener('visibilitychange', tick)
  }

  /** Milliseconds since 1970; reactive, renewed every ten seconds. */
  get now(): number {
    return this.#ticked + this.#offset
  }

  /** The time by this device's own clock; just as reactive. */
  get local(): number {
    return this.#ticked
  }

  /** The server's time at this very moment; for what is written down. */
  exact(): number {
    this.#ticked = Date.now()
    return this.now
  }

  /** Takes the `Date` header of an answer that has just arrived. */
  learn(header: string | null): void {
    this.#offset = clockOffset(header, Date.now())
    this.#ticked = Date.now()
  }
}

export const clock = new Clock()
