// The time by the server's clock, so that "12 min ago" is right, and so that an entry is not refused for being in the
// future on a device whose own clock is wrong. Between two answers it runs on a clock that nobody can set. `clock.now`
// ticks, so values derived from it stay true on an open page.

/** The header in which every answer of the server tells its time; nothing between here and there sends it. */
export const SERVER_TIME = 'server-time'
const TICK_MS = 10_000
/**
 * Answers take time to arrive. A later server time came faster and is used; an earlier one is believed only beyond
 * this.
 */
const ON_THE_WAY_MS = 1_000
/**
 * How far the device's clock and the one that nobody can set have to differ to show that the device slept, or that its
 * clock was set.
 */
const JUMP_MS = 2_000

class Clock {
  /** The last server time that was taken in, and when it came by both clocks of this device. */
  #said: { server: number; steady: number; device: number } | undefined
  #ticked = $state(Date.now())
  #device = $state(Date.now())

  constructor() {
    const tick = () => {
      this.exact()
    }
    setInterval(tick, TICK_MS)
    document.addEventListener('visibilitychange', tick)
  }

  /** Milliseconds since 1970; reactive, renewed every ten seconds. */
  get now(): number {
    return this.#ticked
  }

  /** The time by this device's own clock; just as reactive. */
  get local(): number {
    return this.#device
  }

  /**
   * Whether the device may have slept, in which case the clock that nobody can set may have slept too, or whether its
   * own clock was set forward. Only the server can tell the two apart.
   */
  get unsure(): boolean {
    return this.#ahead() > JUMP_MS
  }

  /** The server's time at this very moment, for what is written down. */
  exact(): number {
    this.#device = Date.now()
    this.#ticked = Math.round(this.#exact())
    return this.#ticked
  }

  /** Takes in the time that the server has just told, in a header or in an event. */
  learn(said: string | null | undefined): void {
    const server = Date.parse(said ?? '')
    if (Number.isNaN(server)) return
    const early = this.#said ? this.#exact() - server : 0
    if (this.#said && !this.unsure && early >= 0 && early < ON_THE_WAY_MS) return
    this.#said = { server, steady: performance.now(), device: Date.now() }
    this.exact()
  }

  #exact(): number {
    if (!this.#said) return Date.now()
    const { server, steady, device } = this.#said
    // Devices sleep more often than their clocks are set forward.
    const passed = this.unsure ? Date.now() - device : performance.now() - steady
    return server + passed
  }

  #ahead(): number {
    if (!this.#said) return 0
    return Date.now() - this.#said.device - (performance.now() - this.#said.steady)
  }
}

export const clock = new Clock()
