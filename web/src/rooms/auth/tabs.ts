// The tabs of a browser share one session: each notifies the others at once of who signed in or out.
import { keeping } from '../../api/keeping.svelte'

const KEY = 'who'

/** A user name; empty for nobody. */
type Who = string

const channel = 'BroadcastChannel' in globalThis ? new BroadcastChannel(KEY) : undefined

export function announce(who: Who): void {
  keeping.put(KEY, who)
  channel?.postMessage(who)
}

/** Calls `heard` with who is signed in now, whenever another tab says so and when this page is seen again. */
export function listen(heard: (who: Who) => void): void {
  const look = () => {
    const who = document.hidden ? null : said()
    if (who !== null) heard(who)
  }
  channel?.addEventListener('message', ({ data }: MessageEvent<Who>) => {
    heard(data)
  })
  addEventListener('storage', ({ key, newValue }) => {
    if (key === KEY && newValue !== null) heard(newValue)
  })
  document.addEventListener('visibilitychange', look)
  addEventListener('pageshow', ({ persisted }) => {
    // A page that is just loading asks by itself.
    if (persisted) look()
  })
}

function said(): Who | null {
  try {
    return keeping.shelf.getItem(KEY)
  } catch {
    return null
  }
}
