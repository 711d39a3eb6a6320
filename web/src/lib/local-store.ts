// Keeps in this browser what must survive a reload, an expired session or a stopped server, under the name of the
// person it belongs to, and nobody else is shown it. Signing out empties it: private health data must not linger. A
// browser without storage only loses the surviving.
import { keeping, type Shelf } from '../api/keeping.svelte'

export class LocalStore {
  #storage: Shelf
  #prefix: string

  constructor(storage: Shelf, username: string) {
    this.#storage = storage
    this.#prefix = `kept:${username}:`
  }

  /** Whatever was kept under this key; the caller knows what that was. */
  get(key: string): unknown {
    try {
      const text = this.#storage.getItem(this.#prefix + key)
      return text === null ? undefined : JSON.parse(text)
    } catch {
      return undefined
    }
  }

  /** False when it could not be kept: then the value lives as long as the page does. */
  set(key: string, value: unknown): boolean {
    return keeping.put(this.#prefix + key, JSON.stringify(value), this.#storage)
  }

  remove(key: string): void {
    try {
      this.#storage.removeItem(this.#prefix + key)
    } catch {
      // Nothing could be kept here, so nothing is left.
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

  /** Calls `changed` with each key that another tab keeps or removes; no key stands for all of them. */
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
