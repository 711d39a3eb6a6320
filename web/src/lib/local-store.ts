// Stores in this browser what must survive a reload, an expired session or a stopped server, under the name of the
// person it belongs to, and shows it to nobody else. Signing out empties it: private health data must not linger. In a
// browser without storage it lasts as long as the page.
import { keeping, type Shelf } from '../api/keeping.svelte'

export class LocalStore {
  #storage: Shelf
  #prefix: string

  constructor(storage: Shelf, username: string) {
    this.#storage = storage
    this.#prefix = `kept:${username}:`
  }

  /** The value stored under this key; the caller knows its type. */
  get(key: string): unknown {
    try {
      const text = this.#storage.getItem(this.#prefix + key)
      return text === null ? undefined : JSON.parse(text)
    } catch {
      return undefined
    }
  }

  /** False when the value could not be stored: then it lives as long as the page does. */
  set(key: string, value: unknown): boolean {
    return keeping.put(this.#prefix + key, JSON.stringify(value), this.#storage)
  }

  remove(key: string): void {
    try {
      this.#storage.removeItem(this.#prefix + key)
    } catch {
      // Nothing could be stored here, so nothing is left.
    }
  }

  /** The keys that begin with `start`, in order. */
  keys(start = ''): string[] {
    try {
      return Object.keys(this.#storage)
        .filter((key) => key.startsWith(this.#prefix + start))
        .map((key) => key.slice(this.#prefix.length))
        .sort()
    } catch {
      return []
    }
  }

  clear(): void {
    for (const key of this.keys()) this.remove(key)
  }

  /**
   * Calls `changed` with each key that another tab stores or removes; no key stands for all of them. Returns the
   * function that ends this.
   */
  watch(changed: (key: string | undefined) => void): () => void {
    const heard = ({ key }: StorageEvent) => {
      if (key === null) changed(undefined)
      else if (key.startsWith(this.#prefix)) changed(key.slice(this.#prefix.length))
    }
    addEventListener('storage', heard)
    return () => {
      removeEventListener('storage', heard)
    }
  }
}
