// With the limits as they come: who uses the page as people do is never refused. Each test has a server of its own, so
// that nobody else's requests count, and it is arranged before anything is counted.
import type { APIResponse } from '@playwright/test'
import { expect, type Page, test as base } from './test'
import { Server } from './server'

export { card, enter, expect, setTextSize, trySignIn } from './test'
export type { Account, Client, Page } from './test'

const PASSWORD = 'Quiet-Harbour-71-lanterns'

interface Line {
  status?: number
  message?: string
  path?: string
}

/** The answers of the API, as its log has them. */
export function answers(server: Server): Line[] {
  return server
    .log()
    .split('\n')
    .filter((line) => line.startsWith('{'))
    .map((line) => JSON.parse(line) as Line)
    .filter(({ status }) => status !== undefined)
}

interface Limited {
  /** Puts something into the database before it is served. */
  fill: string[]
  /** A test that uses up what there is, and looks itself at what is refused. */
  refuses: boolean
  own: Server
}

export const test = base.extend<Limited>({
  fill: [['migrate'], { option: true }],
  refuses: [false, { option: true }],
  own: async ({ fill, refuses }, use) => {
    // As dear as a run of tests can bear.
    const server = await Server.start(fill, { BCRYPT_COST: '10', LOG_FORMAT: 'json' })
    try {
      await use(server)
      const told = answers(server)
      expect(told.filter(({ status }) => status === 200).length).toBeGreaterThan(0)
      const refused = told.filter(({ status }) => status === 429)
      if (!refuses) expect(refused, 'what was refused').toEqual([])
    } finally {
      await server.close()
    }
  },
  baseURL: async ({ own }, use) => {
    await use(own.baseURL)
  },
  admin: async ({ own }, use) => {
    await use(await own.createUser('robin', 'admin', PASSWORD))
  },
  viewer: async ({ own }, use) => {
    await use(await own.createUser('alex', 'viewer', PASSWORD))
  },
})

/** Signs in as a person does, by the form. */
export async function signIn(
  page: Page,
  { username, password }: { username: string; password: string },
) {
  await page.goto('/sign-in')
  await page.getByLabel('Username').fill(username)
  await page.getByLabel('Password', { exact: true }).fill(password)
  await page.getByRole('button', { name: 'Sign in' }).click()
  await expect(page.getByRole('button', { name: 'Sign out' })).toBeVisible()
}

/** Uses up what there is of a budget and no more than that: nothing is refused for it. */
export async function spend(ask: () => Promise<APIResponse>): Promise<void> {
  for (;;) {
    const answer = await ask()
    expect(answer.ok()).toBe(true)
    if (answer.headers()['x-ratelimit-remaining'] === '0') return
  }
}
