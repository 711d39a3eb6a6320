// What must survive a reload, an expired session or a stopped server stays in this browser, under the
// name of the one it belongs to, and nobody else is shown it. Signing out empties it: private health
// data must not linger. A browser without storage only loses the surviving.
export class Locker {
  #storage: Storage
  #prefix: string

  constructor(storage: Storage, username: string) {
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

  set(key: string, value: unknown): void {
    try {
      this.#storage.setItem(this.#prefix + key, JSON.stringify(value))
    } catch {
      // Full or switched off: the value lives as long as the page does.
    }
  }

  remove(key: string): void {
    try {
      this.#storage.removeItem(this.#prefix + key)
    } catch {
      // As above.
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
}
