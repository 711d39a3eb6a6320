// The address bar and the page, in step with each other. Links are plain `<a href>`: a click on one that stays on this
// page is handled here, so opening in a new tab, copying and the back button all work as usual.
import { canonical, parseRoute } from '../lib/routes'

/** The address of the page; one that can be written in several ways is corrected in the address bar. */
function here(): URL {
  const url = canonical(new URL(location.href))
  if (url.href !== location.href) history.replaceState(history.state, '', url)
  return url
}

class Router {
  #url = $state.raw(here())
  route = $derived(parseRoute(this.#url))

  /** Path and query, without the origin. */
  get path(): string {
    return this.#url.pathname + this.#url.search
  }

  /** The path alone, which tells pages apart. */
  get page(): string {
    return this.#url.pathname
  }

  start(): () => void {
    const read = () => (this.#url = here())
    const click = (event: MouseEvent) => {
      this.#follow(event)
    }
    addEventListener('popstate', read)
    document.addEventListener('click', click)
    return () => {
      removeEventListener('popstate', read)
      document.removeEventListener('click', click)
    }
  }

  go(path: string, how: 'push' | 'replace' = 'push'): void {
    const url = canonical(new URL(path, location.href))
    const turned = url.pathname !== this.#url.pathname
    if (how === 'push') history.pushState(null, '', url)
    else history.replaceState(null, '', url)
    this.#url = url
    if (turned && !url.hash) scrollTo(0, 0)
  }

  #follow(event: MouseEvent): void {
    const link = event.target instanceof Element ? event.target.closest('a') : null
    const plain = event.button === 0 && !event.ctrlKey && !event.metaKey && !event.shiftKey
    if (!link || !plain || event.altKey || event.defaultPrevented || link.target) return
    if (link.origin !== location.origin || link.hasAttribute('download')) return
    // A jump within the page, such as the skip link, is the browser's own business.
    if (link.hash && link.pathname === location.pathname) return
    event.preventDefault()
    this.go(link.href)
  }
}

export const router = new Router()
