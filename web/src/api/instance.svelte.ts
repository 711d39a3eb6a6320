// What the server says about itself to anyone: who may register, and whether it is being looked after. What
// a screen is there for is asked first; whoever needs this at once calls `load`.
import { answer, api, onProblem } from './client'
import { Resource } from './resource.svelte'

/** A dashboard is drawn by then. */
const FIRST_MS = 3_000
const CALM_MS = 300_000
/** While it is being looked after: people wait for the end of it. */
const WAITING_MS = 30_000

class Instance {
  readonly about = new Resource(() => answer(api.GET('/api/v1/instance')))
  #timer: ReturnType<typeof setTimeout> | undefined

  get maintenance(): boolean {
    return this.about.value?.maintenance_mode === true
  }

  start(): void {
    onProblem(({ code }) => {
      if (code === 'maintenance' && !this.maintenance) void this.load()
    })
    document.addEventListener('visibilitychange', () => {
      if (!document.hidden && this.maintenance) void this.load()
    })
    this.#later(FIRST_MS)
  }

  async load(): Promise<void> {
    clearTimeout(this.#timer)
    await this.about.load()
    this.#later(this.maintenance ? WAITING_MS : CALM_MS)
  }

  #later(wait: number): void {
    clearTimeout(this.#timer)
    this.#timer = setTimeout(() => {
      // Nobody looks at it; it is asked again when somebody does.
      if (document.hidden) this.#later(wait)
      else void this.load()
    }, wait)
  }
}

export const instance = new Instance()
