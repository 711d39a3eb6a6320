// Short messages, one at a time, each with at most one action. They go by themselves after six seconds, but not while
// somebody points at them or has focus among them.
import { createContext } from 'svelte'

export interface Toast {
  id: number
  text: string
  action?: { label: string; run: () => void }
}

const LIFE_MS = 6_000

export class Toasts {
  items = $state.raw<Toast[]>([])
  #left = new Map<number, number>()
  #timer: ReturnType<typeof setInterval> | undefined
  #paused = false
  #ids = 0

  /** Returns the toast's id, to dismiss it once something newer takes its place. */
  show(text: string, action?: Toast['action']): number {
    const id = ++this.#ids
    this.#left = new Map([[id, LIFE_MS]])
    this.items = [{ id, text, ...(action && { action }) }]
    this.#timer ??= setInterval(() => {
      this.#age(100)
    }, 100)
    return id
  }

  /** Runs the toast's action, once. */
  act(toast: Toast): void {
    this.dismiss(toast.id)
    toast.action?.run()
  }

  /** Runs the newest toast's action; returns false where there is none. */
  actOnLast(): boolean {
    const last = this.items.findLast((toast) => toast.action)
    if (last) this.act(last)
    return last !== undefined
  }

  dismiss(id: number): void {
    this.items = this.items.filter((toast) => toast.id !== id)
    this.#left.delete(id)
    if (this.items.length > 0) return
    clearInterval(this.#timer)
    this.#timer = undefined
    this.#paused = false
  }

  clear(): void {
    for (const toast of this.items) this.dismiss(toast.id)
  }

  pause(paused: boolean): void {
    this.#paused = paused
  }

  #age(by: number): void {
    if (this.#paused) return
    for (const { id } of this.items) {
      const left = (this.#left.get(id) ?? 0) - by
      this.#left.set(id, left)
      if (left <= 0) this.dismiss(id)
    }
  }
}

export const toasts = new Toasts()

/** The toasts of one person's page: an answer that comes after they signed out is not for the next to read. */
export class PageToasts {
  #left = false

  /** Whether the page is gone: an answer that comes now moves nobody. */
  get left(): boolean {
    return this.#left
  }

  show(text: string, action?: Toast['action']): number | undefined {
    return this.#left ? undefined : toasts.show(text, action)
  }

  dismiss(id: number): void {
    toasts.dismiss(id)
  }

  leave(): void {
    this.#left = true
    toasts.clear()
  }
}

export const [useToasts, provideToasts] = createContext<PageToasts>()
