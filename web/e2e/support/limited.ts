// Tests with the default limits on: ordinary use is never refused. Each test has its own server, so that no other
// requests count, and arranges its data before anything is counted.
import type { APIResponse } from '@playwright/test'
import { expect, type Page, test as base } from './test'
import { Server } from './server'

export { card, enter, expect, pressLevels, setTextSize, trySignIn } from './test'
export type { Account, Client, Page } from './test'

const PASSWORD = 'Quiet-Harbour-71-lanterns'

interface Line {
  status?: number
  message?: string
  path?: string
}

/** The answers of the API, from its log. */
export function answers(server: Server): Line[] {
  return (
    server
      .log()
      .split('\n')
      // The last line may be half written.
      .slice(0, -1)
      .filter((line) => line.startsWith('{'))
      .map((line) => JSON.parse(line) as Line)
      .filter(({ status }) => status !== undefined)
  )
}

interface Limited {
  /** Puts something into the database before it is served. */
  fill: string[]
  /** Whether the test uses up a limit, and checks the refusals itself. */
  refuses: boolean
  own: Server
}

export const test = base.extend<Limited>({
  fill: [['migrate'], { option: true }],
  refuses: [false, { option: true }],
  own: async ({ fill, refuses }, use) => {
    // As costly as a run of the tests can afford.
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

/** Signs in as a person does, with the form. */
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

/** Uses up the rest of a budget and no more: nothing is refused. */
export async function spend(ask: () => Promise<APIResponse>): Promise<void> {
  for (;;) {
    const answer = await ask()
    expect(answer.ok()).toBe(true)
    if (answer.headers()['x-ratelimit-remaining'] === '0') return
  }
}
