// Does something when it is wished for, and not more often than once in a while: the first time at once, and once more
// at the end of the while if it was wished for again.
export class Seldom {
  #meet: () => void
  #while: number
  #timer: ReturnType<typeof setTimeout> | undefined
  #waiting = false

  constructor(meet: () => void, whileMs: number) {
    this.#meet = meet
    this.#while = whileMs
  }

  wish(): void {
    if (this.#timer !== undefined) {
      this.#waiting = true
      return
    }
    this.#timer = setTimeout(() => {
      this.#timer = undefined
      if (this.#waiting) this.wish()
    }, this.#while)
    this.#waiting = false
    this.#meet()
  }

  /** Forgets what is waiting. */
  stop(): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
    this.#waiting = false
  }
}
