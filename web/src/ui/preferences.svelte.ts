// Preferences of this device rather than of the account: the theme, and whether single keys log an altitude. Both stay
// in this browser. public/theme.js reads the theme before the first pixel is drawn.
export type Theme = 'system' | 'light' | 'dark'

function stored(key: string): string | null {
  try {
    return localStorage.getItem(key)
  } catch {
    return null
  }
}

function store(key: string, value: string): void {
  try {
    localStorage.setItem(key, value)
  } catch {
    // Storage is switched off: the choice lasts as long as the page.
  }
}

class Preferences {
  #theme = $state<Theme>('system')
  #keys = $state(true)

  constructor() {
    const theme = stored('theme')
    if (theme === 'light' || theme === 'dark') this.#theme = theme
    this.#keys = stored('keys') !== 'off'
  }

  get theme(): Theme {
    return this.#theme
  }

  set theme(theme: Theme) {
    this.#theme = theme
    store('theme', theme)
    if (theme === 'system') delete document.documentElement.dataset.theme
    else document.documentElement.dataset.theme = theme
  }

  /** Whether the keys 1 to 9 and 0 log an altitude on the dashboard. */
  get keys(): boolean {
    return this.#keys
  }

  set keys(on: boolean) {
    this.#keys = on
    store('keys', on ? 'on' : 'off')
  }
}

export const preferences = new Preferences()
