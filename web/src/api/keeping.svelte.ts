// The browser's storage, and whether it keeps anything. Some browsers have none for a site, some refuse it, and some
// are full.

/** As much of `Storage` as is used here. */
export type Shelf = Pick<Storage, 'getItem' | 'setItem' | 'removeItem'>

class Keeping {
  /** Something could not be kept: it lives as long as the page does. */
  fails = $state(false)

  /** This browser's storage; asking for it may fail already. */
  get shelf(): Shelf {
    try {
      return localStorage
    } catch {
      return none
    }
  }

  /** Finds out before anything has to be kept. */
  probe(): void {
    const { shelf } = this
    if (this.put('probe', '', shelf)) shelf.removeItem('probe')
  }

  /** Keeps a text; true when it is there then. Some browsers take everything and keep nothing. */
  put(key: string, text: string, shelf = this.shelf): boolean {
    return this.#tried(() => {
      shelf.setItem(key, text)
      if (shelf.getItem(key) !== text) refuse()
    })
  }

  /** Runs what keeps something; true when it could. */
  #tried(keep: () => void): boolean {
    try {
      keep()
      this.fails = false
    } catch {
      this.fails = true
    }
    return !this.fails
  }
}

function refuse(): never {
  throw new DOMException('This browser keeps nothing for this page.', 'SecurityError')
}

const none: Shelf = { getItem: refuse, setItem: refuse, removeItem: refuse }

export const keeping = new Keeping()
