// The server as it describes itself to anybody: who may register, and whether there is maintenance. A page gets this as
// it begins; a screen that needs it again calls `load`.
import { answer, api, onProblem } from './client'
import type { Instance as About } from './types'
import { Resource } from './resource.svelte'

const CALM_MS = 300_000
/** How often it is asked for during maintenance: people wait for the end of it. */
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
  }

  /** Takes in what the server said together with something else. */
  set(about: About): void {
    this.about.set(about)
    this.#later(this.maintenance ? WAITING_MS : CALM_MS)
  }

  async load(): Promise<void> {
    clearTimeout(this.#timer)
    await this.about.load()
    this.#later(this.maintenance ? WAITING_MS : CALM_MS)
  }

  #later(wait: number): void {
    clearTimeout(this.#timer)
    this.#timer = setTimeout(() => {
      // A hidden page asks again once somebody looks at it.
      if (document.hidden) this.#later(wait)
      else void this.load()
    }, wait)
  }
}

export const instance = new Instance()
