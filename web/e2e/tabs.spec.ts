// Two tabs of one browser share a session: whoever signed in last is never acted for by a page of somebody else.
import {
  type Account,
  card,
  Client,
  enter,
  expect,
  type Page,
  stopClock,
  submitSignIn,
  test,
  toast,
} from './support/test'

const signedInAs = (page: Page, account: Account) =>
  page.getByText(`You are now signed in as ${account.username}`)

/** Signs out of what `page` shows, and in as `account`, by the page. */
async function turn(page: Page, account: Account): Promise<void> {
  await page.getByRole('button', { name: 'Sign out' }).click()
  await page.getByLabel('Username').fill(account.username)
  await page.getByLabel('Password', { exact: true }).fill(account.password)
  await submitSignIn(page)
  await expect(page.getByRole('heading', { name: 'Today' })).toBeVisible()
}

/** As if another tab were in front, which a test cannot do. */
async function hide(page: Page, hidden: boolean): Promise<void> {
  await page.evaluate((hidden) => {
    Object.defineProperty(document, 'hidden', { value: hidden, configurable: true })
    document.dispatchEvent(new Event('visibilitychange'))
  }, hidden)
}

/** A browser in which no tab hears of another: what is left is what the server says. */
const deaf = (page: Page) =>
  page.addInitScript(() => {
    Reflect.deleteProperty(window, 'BroadcastChannel')
    Storage.prototype.getItem = () => null
    Storage.prototype.setItem = () => undefined
    addEventListener('storage', (event) => {
      event.stopImmediatePropagation()
    })
  })

test.describe('two admins in one browser', () => {
  let ben: Account
  test.beforeEach(async ({ server, admin }) => {
    ben = await server.createUser(`ben-${admin.username}`, 'admin', admin.password)
  })

  test('what is approved in an older tab is approved by nobody', async ({
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
    // Gone at once, though nobody looks.
    await expect(approve).toBeHidden()
    await hide(anna, false)
    await expect(signedInAs(anna, ben)).toBeVisible()
    await expect(approve).toBeHidden()
    const shares = await (await Client.signIn(request, ben)).send('GET', '/me/shares')
    expect(((await shares.json()) as { items: unknown[] }).items).toEqual([])
  })

  test('where tabs hear nothing of one another, the server refuses and the page learns', async ({
    page: anna,
    admin,
    viewer,
    request,
    client,
  }) => {
    await deaf(anna)
    await (
      await Client.signIn(request, viewer)
    ).send('POST', `/people/${admin.username}/share-requests`)
    const bens = await Client.signIn(request, ben)
    const isUntouched = async () => {
      const shares = (await (await bens.send('GET', '/me/shares')).json()) as { items: unknown[] }
      expect(shares.items).toEqual([])
      expect(await bens.entries()).toEqual([])
      expect(await client.entries()).toEqual([])
    }
    const steps: [string, (page: Page) => Promise<void>][] = [
      [
        '/sharing',
        (page) => page.getByRole('button', { name: `Approve ${viewer.username}` }).click(),
      ],
    ]
    // Nothing is asked for but by what is pressed: the stream, and polling in its place, would tell of it before.
    await stopClock(anna)
    await anna.route('**/events', (route) => route.abort())
    for (const [path, act] of steps) {
      await test.step(path, async () => {
        await enter(anna, admin, path)
        await expect(anna.getByRole('button', { name: 'Sign out' })).toBeVisible()
        const signedIn = await anna.request.post('/api/v1/auth/login', { data: ben })
        expect(signedIn.status()).toBe(200)
        await act(anna)
        await expect(signedInAs(anna, ben)).toBeVisible()
        // Still signed in, and nothing was done.
        const me = await anna.request.get('/api/v1/me')
        expect(await me.json()).toMatchObject({ username: ben.username, daily_goal_ml: 2000 })
        await isUntouched()
      })
    }
  })

  test('what waits is kept for its owner, and arrives there', async ({
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
    await expect(card(anna, 'Water')).toBeHidden()
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

  test('a tab whose person signed out in another one is signed out', async ({
    page: anna,
    context,
    admin,
  }) => {
    await enter(anna, admin)
    await expect(card(anna, 'Water')).toBeVisible()
    const tab = await context.newPage()
    await tab.goto('/')
    await tab.getByRole('button', { name: 'Sign out' }).click()
    await expect(tab.getByRole('heading', { name: 'Sign in' })).toBeVisible()
    await expect(anna.getByText('was signed out in another tab')).toBeVisible()
  })
})
