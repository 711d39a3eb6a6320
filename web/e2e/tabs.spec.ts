// Two tabs of one browser share a session: a page never acts for somebody who has signed in since in another tab.
import { hide } from './support/live'
import {
  type Account,
  BY_ITSELF,
  card,
  Client,
  countRequests,
  enter,
  expect,
  type Locator,
  type Page,
  pressLevels,
  rest,
  stopClock,
  submitSignIn,
  test,
  toast,
  trySignIn,
} from './support/test'

const signedInAs = (page: Page, account: Account) =>
  page.getByText(`You are now signed in as ${account.username}`)

/** Signs out of the account that `page` shows, and in as `account`, by the page. */
async function turn(page: Page, account: Account): Promise<void> {
  await page.getByRole('button', { name: 'Sign out' }).click()
  await trySignIn(page, account.username, account.password)
  await expect(page.getByRole('heading', { name: 'Today' })).toBeVisible()
}

/** Shows Today to `account`, then signs them out in another tab, which is returned. */
async function signedOutElsewhere(page: Page, account: Account): Promise<Page> {
  await enter(page, account)
  await expect(card(page, 'Water')).toBeVisible()
  const tab = await page.context().newPage()
  await tab.goto('/')
  await tab.getByRole('button', { name: 'Sign out' }).click()
  await expect(tab.getByRole('heading', { name: 'Sign in' })).toBeVisible()
  await expect(page.getByText('was signed out in another tab')).toBeVisible()
  return tab
}

/** Cuts a tab off from other tabs and from events: it learns only from the server's answers to its own requests. */
async function deaf(page: Page): Promise<void> {
  await countRequests(page)
  await page.addInitScript(() => {
    Reflect.deleteProperty(window, 'BroadcastChannel')
    addEventListener('storage', (event) => {
      event.stopImmediatePropagation()
    })
  })
  await page.route(/\/(events|people\?.*)$/, (route) => route.abort())
}

/** Blocks the page's reads from now on, except the one with which it begins again. */
const mute = (page: Page) =>
  page.route('**/api/v1/**', (route) => {
    const request = route.request()
    const begins = new URL(request.url()).pathname === '/api/v1/start'
    return request.method() === 'GET' && !begins ? route.abort() : route.continue()
  })

test.describe('two admins in one browser', () => {
  let ben: Account
  test.beforeEach(async ({ server, admin }) => {
    ben = await server.createUser(`ben-${admin.username}`, 'admin', admin.password)
  })

  test('a newcomer approved in an older tab is approved by nobody', async ({
    page: anna,
    context,
    admin,
    viewer,
    request,
  }) => {
    await (
      await Client.signIn(request, viewer)
    ).send('POST', `/people/${admin.username}/share-requests`)
    await stopClock(anna)
    await enter(anna, admin, '/sharing')
    const approve = anna.getByRole('button', { name: `Approve ${viewer.username}` })
    await expect(approve).toBeVisible()
    await hide(anna, true)
    await anna.clock.runFor(16_000)
    const tab = await context.newPage()
    await tab.goto('/')
    await turn(tab, ben)
    // The data goes at once, though nobody looks.
    await expect(approve).toBeHidden()
    await hide(anna, false)
    await expect(signedInAs(anna, ben)).toBeVisible()
    await expect(approve).toBeHidden()
    const shares = await (await Client.signIn(request, ben)).send('GET', '/me/shares')
    expect(((await shares.json()) as { items: unknown[] }).items).toEqual([])
  })

  test.describe('where tabs hear nothing of one another', () => {
    interface Cast {
      admin: Account
      viewer: Account
      client: Client
    }
    /** Steps that Anna takes in a tab that does not know yet that it is Ben's, and what she finds when she is back. */
    const steps: {
      what: string
      path: string
      /** Where the step begins: everything that it needs is there. */
      first: (page: Page, cast: Cast) => Locator
      before?: (cast: Cast, watcher: Client) => Promise<unknown>
      act: (first: Locator, page: Page) => Promise<void>
      after?: (page: Page, cast: Cast) => Promise<void>
    }[] = [
      {
        what: 'a request to watch that is approved',
        path: '/sharing',
        before: ({ admin }, watcher) =>
          watcher.send('POST', `/people/${admin.username}/share-requests`),
        first: (page, { viewer }) =>
          page.getByRole('button', { name: `Approve ${viewer.username}` }),
        act: (first) => first.click(),
        after: async (_, { client }) => {
          const shares: unknown = await (await client.send('GET', '/me/shares')).json()
          expect(shares).toMatchObject({ items: [{ state: 'requested' }] })
        },
      },
      {
        what: 'a tap on water',
        path: '/',
        first: (page) => page.getByRole('button', { name: 'Log 250 ml' }),
        act: (first) => first.click(),
        after: async (page, { client }) => {
          await expect(card(page, 'Water')).toContainText('250 ml of')
          await expect.poll(() => client.entries()).toMatchObject([{ value: 250 }])
        },
      },
      {
        what: 'an altitude by its key',
        path: '/',
        first: (page) => page.getByRole('slider'),
        act: (_, page) => pressLevels(page, '7'),
        after: async (page, { client }) => {
          await expect(card(page, 'Altitude')).toContainText('Good')
          await expect.poll(() => client.entries()).toMatchObject([{ value: 7 }])
        },
      },
      {
        what: 'an entry that is edited',
        path: '/history',
        before: ({ client }) => client.log({ metric: 'water', value: 330, note: 'tea' }),
        first: (page) => page.getByRole('button', { name: /^Edit 330 ml/ }),
        act: async (first, page) => {
          await first.click()
          const dialog = page.getByRole('dialog', { name: 'Edit entry' })
          await dialog.getByLabel('Amount (ml)').fill('340')
          await dialog.getByRole('button', { name: 'Save' }).click()
        },
        after: async (page, { client }) => {
          expect(await client.entries()).toMatchObject([{ value: 330, note: 'tea' }])
          await page.getByRole('navigation').getByRole('link', { name: 'History' }).click()
          const dialog = page.getByRole('dialog', { name: 'Edit entry' })
          await expect(dialog.getByLabel('Amount (ml)')).toHaveValue('340')
        },
      },
      {
        what: 'an entry that is deleted',
        path: '/history',
        before: ({ client }) => client.log({ metric: 'water', value: 330 }),
        first: (page) => page.getByRole('button', { name: /^Delete 330 ml/ }),
        act: (first) => first.click(),
        after: (_, { client }) => expect.poll(() => client.entries()).toEqual([]),
      },
      {
        what: 'settings that are saved',
        path: '/settings',
        first: (page) => page.getByLabel(/^Daily goal/),
        act: async (first, page) => {
          await first.fill('1234')
          await page.getByRole('button', { name: 'Save changes' }).click()
        },
        after: async (page, { client }) => {
          const me: unknown = await (await client.send('GET', '/me')).json()
          expect(me).toMatchObject({ daily_goal_ml: 2000 })
          await page.getByRole('navigation').getByRole('link', { name: 'Settings' }).click()
          await expect(page.getByLabel(/^Daily goal/)).toHaveValue('1234')
        },
      },
      {
        what: 'signing out',
        path: '/',
        first: (page) => page.getByRole('button', { name: 'Sign out' }),
        act: (first) => first.click(),
      },
    ]

    for (const { what, path, before, first, act, after } of steps) {
      test(`${what}: nothing is done to whom it is not for`, async ({
        page: anna,
        admin,
        viewer,
        client,
        request,
      }) => {
        const cast = { admin, viewer, client }
        const bens = await Client.signIn(request, ben)
        await before?.(cast, await Client.signIn(request, viewer))
        const entries = await client.entries()
        await deaf(anna)
        await enter(anna, admin, path)
        const begin = first(anna, cast)
        await expect(begin).toBeVisible()
        await mute(anna)
        // Ben's sign-in ends her session: an answer that comes after it would tell her before she does anything.
        await rest(anna)
        const signedIn = await anna.request.post('/api/v1/auth/login', { data: ben })
        expect(signedIn.status()).toBe(200)
        await act(begin, anna)
        await expect(signedInAs(anna, ben)).toBeVisible()

        const me = await anna.request.get('/api/v1/me')
        expect(await me.json()).toMatchObject({ username: ben.username, daily_goal_ml: 2000 })
        expect(await bens.entries()).toEqual([])
        const shares: unknown = await (await bens.send('GET', '/me/shares')).json()
        expect(shares).toMatchObject({ items: [] })
        expect(await client.entries()).toEqual(entries)

        await anna.unroute('**/api/v1/**')
        await turn(anna, admin)
        await after?.(anna, cast)
        expect(await bens.entries()).toEqual([])
      })
    }

    test('an entry that a page offers to take away is taken away by nobody else', async ({
      page: anna,
      admin,
    }) => {
      await deaf(anna)
      await enter(anna, admin, '/admin/audit')
      const links = anna.getByRole('link', { name: /^Export as/ })
      await expect(links).toHaveCount(2)
      const paths = await links.evaluateAll((found) =>
        found.map((link) => link.getAttribute('href')),
      )
      for (const path of paths) expect((await anna.request.get(path ?? '')).status()).toBe(200)
      const signedIn = await anna.request.post('/api/v1/auth/login', { data: ben })
      expect(signedIn.status()).toBe(200)
      for (const path of paths) expect((await anna.request.get(path ?? '')).status()).toBe(409)
    })
  })

  test('waiting changes stay for their owner, and arrive there', async ({
    page: anna,
    context,
    admin,
    client,
    request,
  }) => {
    await stopClock(anna)
    await enter(anna, admin)
    await anna.route('**/api/v1/entries', (route) => route.abort())
    await anna.getByRole('button', { name: 'Log 250 ml' }).click()
    await expect(card(anna, 'Not saved yet')).toBeVisible()
    const tab = await context.newPage()
    await tab.route('**/api/v1/entries', (route) => route.abort())
    await tab.goto('/')
    await expect(card(tab, 'Not saved yet')).toBeVisible()
    await tab.getByRole('button', { name: 'Sign out' }).click()
    await tab.getByRole('button', { name: 'Sign out and keep it here' }).click()
    await tab.unroute('**/api/v1/entries')
    await tab.getByLabel('Username').fill(ben.username)
    await tab.getByLabel('Password', { exact: true }).fill(ben.password)
    await submitSignIn(tab)
    await expect(card(tab, 'Water')).toContainText('Never')
    await anna.unroute('**/api/v1/entries')
    await expect(anna.getByText('is kept for')).toBeVisible()
    await expect(card(anna, 'Water')).toContainText('Never')
    expect(await (await Client.signIn(request, ben)).entries()).toEqual([])
    expect(await client.entries()).toEqual([])

    await turn(tab, admin)
    await expect(card(tab, 'Water')).toContainText('250 ml of')
    await expect.poll(() => client.entries()).toMatchObject([{ value: 250 }])
    expect(await (await Client.signIn(request, ben)).entries()).toEqual([])
  })

  for (const [what, path, open, gone] of [
    [
      'an undo',
      '/',
      async (page: Page) => {
        await page.getByRole('button', { name: 'Log 250 ml' }).click()
        await expect(toast(page, '250 ml logged')).toBeVisible()
      },
      (page: Page) => toast(page, '250 ml logged'),
    ],
    [
      'a page of the management',
      '/admin/users',
      async (page: Page) => {
        await page.getByRole('button', { name: /Create a user/ }).click()
      },
      (page: Page) => page.getByRole('dialog'),
    ],
    [
      'a dialog for a token',
      '/settings',
      async (page: Page) => {
        await page.getByRole('button', { name: /token/i }).first().click()
        await expect(page.getByRole('dialog')).toBeVisible()
      },
      (page: Page) => page.getByRole('dialog'),
    ],
  ] as const) {
    test(`${what} ends with who opened it`, async ({ page: anna, context, admin, client }) => {
      await stopClock(anna)
      await enter(anna, admin, path)
      await open(anna)
      const before = await client.entries()
      const tab = await context.newPage()
      await enter(tab, ben)
      await expect(signedInAs(anna, ben)).toBeVisible()
      await expect(gone(anna)).toBeHidden()
      await expect(anna.getByRole('heading', { name: 'Today' })).toBeVisible()
      expect(await client.entries()).toEqual(before)
    })
  }

  test('a tab at the sign-in form follows who signs in, and goes where it was to go', async ({
    page: anna,
    context,
    admin,
  }) => {
    await anna.goto('/sharing')
    await anna.getByLabel('Username').fill('somebody')
    const other = await context.newPage()
    await other.goto('/sign-in')
    await other.getByLabel('Username').fill('else')
    const registering = await context.newPage()
    await registering.goto('/register')
    await registering.getByLabel('Username').fill('dad')

    const tab = await context.newPage()
    await tab.goto('/sign-in')
    await trySignIn(tab, admin.username, 'Not-The-Password-1')
    await expect(tab.getByText('Username and password do not match.')).toBeVisible()
    await expect(anna.getByLabel('Username')).toHaveValue('somebody')
    await trySignIn(tab, admin.username, admin.password)
    await expect(tab.getByRole('heading', { name: 'Today' })).toBeVisible()
    await expect(anna.getByRole('heading', { name: 'Sharing', level: 1 })).toBeVisible()
    await expect(other.getByRole('heading', { name: 'Today' })).toBeVisible()
    // The account being made belongs to somebody else.
    await expect(registering.getByLabel('Username')).toHaveValue('dad')

    await tab.getByRole('button', { name: 'Sign out' }).click()
    for (const page of [anna, other]) {
      await expect(page.getByText('was signed out in another tab')).toBeVisible()
    }
    await trySignIn(tab, ben.username, ben.password)
    for (const page of [anna, other]) await expect(signedInAs(page, ben)).toBeVisible()

    await turn(tab, admin)
    for (const page of [anna, other]) await expect(signedInAs(page, admin)).toBeVisible()
  })

  test('a tab follows who comes back, and says nothing of a change that there was not', async ({
    page: anna,
    admin,
  }) => {
    const tab = await signedOutElsewhere(anna, admin)
    await trySignIn(tab, admin.username, admin.password)
    await expect(card(anna, 'Water')).toBeVisible()
    await expect(anna.getByText('another tab')).toHaveCount(0)
    await expect(signedInAs(anna, admin)).toHaveCount(0)
  })

  test('a tab that could not ask who is signed in keeps what is typed', async ({
    page: anna,
    context,
    admin,
  }) => {
    await anna.goto('/sign-in')
    await anna.getByLabel('Username').fill('somebody')
    await anna.route('**/api/v1/start*', (route) => route.abort())
    const asked = anna.waitForRequest('**/api/v1/start*')
    const tab = await context.newPage()
    await enter(tab, admin)
    await asked
    await expect(anna.getByLabel('Username')).toHaveValue('somebody')
    await anna.unroute('**/api/v1/start*')
    await expect(anna.getByRole('heading', { name: 'Today' })).toBeVisible(BY_ITSELF)
  })

  test('a tab whose person signed out in another one is signed out', async ({
    page: anna,
    admin,
  }) => {
    await signedOutElsewhere(anna, admin)
  })
})
