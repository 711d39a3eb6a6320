// The basis of every browser test: a server, accounts, and a page whose faults are recorded while it is used.
import {
  type APIRequestContext,
  type BrowserContext,
  type BrowserContextOptions,
  expect,
  type Locator,
  type Page,
  test as base,
} from '@playwright/test'
import { type Account, Server } from './server'

export { expect }
export type { Account, Locator, Page, Server }

const PASSWORD = 'Quiet-Harbour-71-lanterns'

export interface NewEntry {
  metric: 'water' | 'altitude'
  value: number
  at?: string
  note?: string
  id?: string
}

export interface Entry extends Required<Omit<NewEntry, 'note'>> {
  note: string | null
  day: string
}

/** The API as another client uses it, with a bearer token: to arrange data and to check results without the page. */
export class Client {
  private readonly request: APIRequestContext
  private readonly account: Account
  private readonly token: string

  private constructor(request: APIRequestContext, account: Account, token: string) {
    this.request = request
    this.account = account
    this.token = token
  }

  static async signIn(request: APIRequestContext, account: Account): Promise<Client> {
    const answer = await request.post('/api/v1/auth/token', { data: account })
    expect(answer.status()).toBe(200)
    const { access_token: token } = (await answer.json()) as { access_token: string }
    return new Client(request, account, token)
  }

  async send(method: string, path: string, data?: unknown) {
    const headers = { authorization: `Bearer ${this.token}` }
    return this.request.fetch(`/api/v1${path}`, { method, headers, data })
  }

  /** Lets somebody watch on these `terms`; by default they see everything. */
  async share(viewer: Account, terms: Record<string, unknown> = {}): Promise<void> {
    const path = `/me/shares/${viewer.username}`
    const answer = await this.send('PATCH', path, { state: 'approved', ...terms })
    expect(answer.status()).toBe(200)
  }

  async log(entry: NewEntry): Promise<Entry> {
    const answer = await this.send('POST', '/entries', entry)
    expect(answer.status()).toBe(201)
    return (await answer.json()) as Entry
  }

  async logAll(entries: NewEntry[]): Promise<void> {
    for (let begin = 0; begin < entries.length; begin += 16) {
      await Promise.all(entries.slice(begin, begin + 16).map((entry) => this.log(entry)))
    }
  }

  /** Every entry, oldest first. */
  async entries(): Promise<Entry[]> {
    const found: Entry[] = []
    let cursor: string | null = ''
    while (cursor !== null) {
      const after = cursor === '' ? '' : `&cursor=${cursor}`
      const path = `/people/${this.account.username}/entries?order=asc&limit=100${after}`
      const answer = await this.send('GET', path)
      expect(answer.status()).toBe(200)
      const page = (await answer.json()) as { items: Entry[]; next_cursor: string | null }
      found.push(...page.items)
      cursor = page.next_cursor
    }
    return found
  }
}

// The browser itself logs answers of 400 and more, which the page handles.
const ORDINARY = 'Failed to load resource: '

/** Collects errors in scripts and refusals by the content security policy, which should never happen. */
function watch(context: BrowserContext, faults: string[]): void {
  context.on('weberror', (error) => faults.push(String(error.error())))
  context.on('console', (message) => {
    if (message.type() === 'error' && !message.text().startsWith(ORDINARY))
      faults.push(message.text())
  })
}

/** A page may ask for something at the very end: a faked answer that is under way by then is no fault. */
async function letRoutesGo(context: BrowserContext): Promise<void> {
  for (const routed of [...context.pages(), context]) {
    await routed.unrouteAll({ behavior: 'ignoreErrors' })
  }
}

let accounts = 0

interface Fixtures {
  faults: string[]
  /** A second device with its own cookies, whose faults are recorded like the first one's. */
  device: (options?: BrowserContextOptions) => Promise<Page>
  admin: Account
  viewer: Account
  client: Client
}

export const test = base.extend<Fixtures, { server: Server }>({
  server: [
    // eslint-disable-next-line no-empty-pattern -- Playwright reads the names of fixtures from this pattern
    async ({}, use) => {
      const server = await Server.start()
      await use(server)
      await server.close()
    },
    { scope: 'worker', timeout: 300_000 },
  ],
  baseURL: async ({ server }, use) => {
    await use(server.baseURL)
  },
  // eslint-disable-next-line no-empty-pattern -- see above
  faults: async ({}, use) => {
    const faults: string[] = []
    await use(faults)
    expect(faults, 'errors in the console').toEqual([])
  },
  context: async ({ context, faults }, use) => {
    watch(context, faults)
    await use(context)
    await letRoutesGo(context)
  },
  device: async ({ browser, contextOptions, baseURL, faults }, use) => {
    const contexts: BrowserContext[] = []
    await use(async (options = {}) => {
      const context = await browser.newContext({
        ...contextOptions,
        ...(baseURL === undefined ? {} : { baseURL }),
        ...options,
      })
      watch(context, faults)
      contexts.push(context)
      return context.newPage()
    })
    for (const context of contexts) {
      await letRoutesGo(context)
      await context.close()
    }
  },
  admin: async ({ server }, use) => {
    accounts += 1
    await use(await server.createUser(`robin-${accounts}`, 'admin', PASSWORD))
  },
  viewer: async ({ server }, use) => {
    accounts += 1
    await use(await server.createUser(`alex-${accounts}`, 'viewer', PASSWORD))
  },
  client: async ({ request, admin }, use) => {
    await use(await Client.signIn(request, admin))
  },
})

/** The named part of a page. */
export function card(page: Page, name: string): Locator {
  return page.getByRole('region', { name, exact: true })
}

/** Presses keys that log altitudes. The page hears them once its slider is there. */
export async function pressLevels(page: Page, ...keys: string[]): Promise<void> {
  await page.getByRole('slider').waitFor()
  for (const key of keys) await page.keyboard.press(key)
}

/** For what a page whose clock runs does by itself, once the server is back: its longest pause is a minute. */
export const BY_ITSELF = { timeout: 150_000 }

const stopped = new WeakSet<Page>()

/** A toast, which disappears after a while: works only on a page whose clock was stopped, or it may be gone already. */
export function toast(page: Page, text: string): Locator {
  if (!stopped.has(page))
    throw new Error('Stop the clock of a page before you look for its messages.')
  return page
    .getByRole('region', { name: 'Messages' })
    .getByRole('listitem')
    .filter({ hasText: text })
}

interface Asked {
  asked: string[]
  unanswered: Map<unknown, string>
}

/** Lets pages that are not open yet note what they ask for, and what of it is not answered. */
export async function countRequests(where: Page | BrowserContext): Promise<void> {
  await where.addInitScript(() => {
    const fetch = window.fetch.bind(window)
    const asked: string[] = []
    const unanswered = new Map<unknown, string>()
    Object.assign(window, {
      asked,
      unanswered,
      fetch: (...request: Parameters<typeof fetch>) => {
        const [to] = request
        const url = to instanceof Request ? to.url : new URL(to, location.href).href
        asked.push(url)
        const answer = fetch(...request)
        unanswered.set(answer, url)
        const answered = () => unanswered.delete(answer)
        answer.then(answered, answered)
        return answer
      },
    })
  })
}

/**
 * Waits until a page that counts its requests, as one with a stopped clock does, has all that it asked for: none of them
 * meets what is done next. A stream that is held back never comes.
 */
export async function rest(
  page: Page,
  streams: 'streams too' | 'no streams' = 'streams too',
): Promise<void> {
  const rests = () =>
    page.evaluate(async (streams) => {
      const { asked, unanswered } = window as unknown as Asked
      const before = asked.length
      // An answer is read, and the next request takes its locks, in real time.
      for (let hop = 0; hop < 50; hop += 1) await navigator.locks.query()
      const awaited = [...unanswered.values()].filter(
        (url) => streams === 'streams too' || !url.endsWith('/events'),
      )
      return before > 0 && asked.length === before && awaited.length === 0
    }, streams)
  await expect.poll(rests, 'the page has all that it asked for').toBe(true)
}

/**
 * Stops the clock of a page that is not open yet, and of all tabs of its browser, so that it does nothing by itself. Its
 * retries wait, its requests are not given up and its toasts stay, however long a slow machine takes for the next step.
 */
export async function stopClock(page: Page): Promise<void> {
  const now = Date.now()
  // A running clock can be stopped only at a time in the future.
  await page.clock.install({ time: now - 60_000 })
  await page.clock.pauseAt(now)
  await countRequests(page.context())
  await page.context().addInitScript(() => {
    // The browser's own goes by the real time.
    AbortSignal.timeout = (ms) => {
      const over = new AbortController()
      setTimeout(() => {
        over.abort(new DOMException('The time is over.', 'TimeoutError'))
      }, ms)
      return over.signal
    }
  })
  stopped.add(page)
}

/**
 * Lets the stopped clock of a page run until the page asks for something, and not a second longer. The page itself
 * reports the request, since the browser's event can come after the page gave up waiting. The time that the answer
 * takes does not count for the page.
 */
export async function runUntilAsked(page: Page, url: string): Promise<void> {
  const wanted = url
    .replace(/[.?]/g, '\\$&')
    .replace(/\*+/g, (stars) => (stars === '*' ? '[^/]*' : '.*'))
  const asks = () =>
    page.evaluate(async (wanted) => {
      // A stream takes two locks before it asks. They come in real time, which the page's time must not outrun.
      for (let hop = 0; hop < 4; hop += 1) await navigator.locks.query()
      return (window as unknown as Asked).asked.filter((url) => new RegExp(`^${wanted}$`).test(url))
        .length
    }, wanted)
  // It ends with the test at the latest: each second of the page's time may take long.
  const asked = page.waitForRequest(url, { timeout: 0 })
  const before = await asks()
  const unasked = async () => {
    // No answer is so slow that the page gives up its request meanwhile.
    await rest(page, 'no streams')
    return (await asks()) === before
  }
  while (await unasked()) await page.clock.runFor(1_000)
  await asked
}

/**
 * Ends the session of a page whose clock is stopped. Everything that the page asked for has been answered by then, so
 * only what is done next can notice.
 */
export async function endSession(page: Page): Promise<void> {
  await rest(page)
  await page.context().clearCookies()
}

/** Sets the browser's font size in place of 16 px, until a page is loaded again. */
export async function setTextSize(page: Page, size: number): Promise<void> {
  const browser = await page.context().newCDPSession(page)
  await browser.send('Page.setFontSizes', { fontSizes: { standard: size, fixed: size } })
  await browser.detach()
}

/** Pretends that the browser is older than a time zone. */
export async function forgetZone(page: Page, zone: string): Promise<void> {
  await page.addInitScript((forgotten) => {
    const Format = Intl.DateTimeFormat
    Intl.DateTimeFormat = new Proxy(Format, {
      construct(target, given: ConstructorParameters<typeof Format>) {
        if (given[1]?.timeZone === forgotten) throw new RangeError('Invalid time zone specified')
        return new target(...given)
      },
    })
  }, zone)
}

/** Fills in the sign-in form and returns once the server has answered. */
export async function trySignIn(page: Page, username: string, password: string): Promise<void> {
  await page.getByLabel('Username').fill(username)
  await page.getByLabel('Password', { exact: true }).fill(password)
  await submitSignIn(page)
}

export async function submitSignIn(page: Page): Promise<void> {
  const answered = page.waitForResponse('**/api/v1/auth/login')
  await page.getByRole('button', { name: 'Sign in' }).click()
  await answered
}

/** Reads a value that is shown only once. */
export async function secret(page: Page, label: string): Promise<string> {
  return page.getByLabel(label, { exact: true }).inputValue()
}

/** Signs in without the form, for tests about something else, and opens the page there. */
export async function enter(page: Page, account: Account, path = '/'): Promise<void> {
  // An open page would notice the new session, and reload while this one opens.
  if (page.url() !== 'about:blank') await page.goto('about:blank')
  const answer = await page.request.post('/api/v1/auth/login', { data: account })
  expect(answer.status()).toBe(200)
  await page.goto(path)
}
