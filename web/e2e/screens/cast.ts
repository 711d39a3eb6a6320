// The people and the data on the screens.
import { type Account, Client, type NewEntry, type Page } from '../support/test'

const MINUTE = 60_000
export const ago = (minutes: number) => new Date(Date.now() - minutes * MINUTE).toISOString()

export const day: NewEntry[] = [
  { metric: 'water', value: 250, at: ago(12), note: 'tea' },
  { metric: 'altitude', value: 7, at: ago(50), note: 'good talk with a friend' },
  { metric: 'water', value: 500, at: ago(180) },
  { metric: 'altitude', value: 2, at: ago(26 * 60) },
  { metric: 'water', value: 330, at: ago(27 * 60) },
  { metric: 'water', value: 150, at: ago(50 * 60) },
]
export const overfull: NewEntry[] = [
  ...Array.from({ length: 40 }, (_, index) => ({
    metric: 'water' as const,
    value: 5000,
    at: ago(index),
    note: index === 0 ? 'Wort'.repeat(60) : 'שתיתי מים אחרי הליכה ארוכה',
  })),
  ...Array.from({ length: 12 }, (_, index) => ({
    metric: 'altitude' as const,
    value: 1 + (index % 10),
    at: ago(index * 3),
    note: 'a rather long note about how the day went, with more to say than fits into one line of it',
  })),
]

interface View {
  person: object
  granted: object | null
  status: object
}

export interface Cast {
  page: Page
  /** Another viewer, as another client. */
  reader: Client
  admin: Account
  viewer: Account
  client: Client
}

/** States that no test can bring about at will: somebody who watches at this moment, and names of every kind. */
export const share = {
  username: 'sam',
  display_name: 'Sam',
  state: 'approved',
  water: 'exact',
  altitude: 'exact',
  history: true,
  export: false,
  until: null as string | null,
  requested_at: ago(5),
  since: ago(2000),
  last_looked_at: ago(1) as string | null,
  watching: false,
}

/** Changes the server's answers at an address. Each is whole: one that says "unchanged" holds nothing to change. */
export async function told<T>(page: Page, where: string, change: (answer: T) => T): Promise<void> {
  await page.route(`**/api/v1/${where}`, async (route) => {
    const headers = await route.request().allHeaders()
    delete headers['if-none-match']
    const answer = await route.fetch({ headers })
    await route.fulfill({ response: answer, json: change((await answer.json()) as T) })
  })
}

interface List {
  items: object[]
  next_cursor: string | null
}

/** Changes the people that the page gets as it begins, or when it asks for them again. */
export async function toldOfPeople(page: Page, change: (list: List) => List): Promise<void> {
  await told(page, 'start*', (start: { people: List }) => ({
    ...start,
    people: change(start.people),
  }))
  await told(page, 'people?*', change)
}

/** Adds shares to those that the server has. */
export async function alsoShared(page: Page, more: object[]): Promise<void> {
  await told(page, 'me/shares?*', (list: List) => ({ ...list, items: [...list.items, ...more] }))
}

/** More people in the list, some seen by a band and some hardly at all; the list itself is not followed. */
export async function narrowed(page: Page): Promise<void> {
  await page.route('**/api/v1/me/events', (route) => route.abort())
  await toldOfPeople(page, (list) => {
    const items = list.items as View[]
    const view = items.find(({ granted }) => granted)
    if (!view) throw new Error('nobody to watch')
    const other = (name: string, granted: object, water: object, altitude: object) => {
      const person = { ...view.person, username: name.toLowerCase(), display_name: name }
      const status = { ...view.status, person, water, altitude }
      return { ...view, person, granted: { ...view.granted, ...granted }, status }
    }
    const at = ago(20)
    const none = { last_at: null, last_ml: null, today_ml: null, goal_ml: null }
    const low = { value: null, at, band: 'low' }
    const long = 'Wolfeschlegelsteinhausenbergerdorff'
    const more = [
      other(long, { water: 'none', altitude: 'band' }, none, low),
      other('Jo', { altitude: 'none' }, { ...none, last_at: at }, { value: null, at: null }),
      other('Kim', { altitude: 'logged' }, { ...none, last_at: at }, { value: null, at }),
    ]
    return { items: [...items, ...more], next_cursor: null }
  })
}

/** Each function brings the page to one screen, and returns once everything on it is there. */
export type Screens = Record<string, (cast: Cast) => Promise<void>>
