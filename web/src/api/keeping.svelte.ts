// The browser's storage, and whether it stores anything. Some browsers have none for a site, some refuse it, and some
// are full.

/** As much of `Storage` as is used here. */
export type Shelf = Pick<Storage, 'getItem' | 'setItem' | 'removeItem'>

class Keeping {
  /** Something could not be stored: it lives as long as the page does. */
  fails = $state(false)

  /** This browser's storage; asking for it may fail already. */
  get shelf(): Shelf {
    try {
      return localStorage
    } catch {
      return none
    }
  }

  /** Finds out whether storing works before anything has to be stored. */
  probe(): void {
    const { shelf } = this
    if (this.put('probe', '', shelf)) shelf.removeItem('probe')
  }

  /** Stores a text and returns whether it is there afterwards: some browsers accept everything and store nothing. */
  put(key: string, text: string, shelf = this.shelf): boolean {
    return this.#tried(() => {
      shelf.setItem(key, text)
      if (shelf.getItem(key) !== text) refuse()
    })
  }

  /** Runs a function that stores something, and returns whether it could. */
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
