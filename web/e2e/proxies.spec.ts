// Something between the page and the server answers in its place, or an answer is lost: only the server's own answer
// counts, and waiting or refused changes stay until somebody decides. The page's clock is stopped, so it tries again
// only when told to.
import type { Route } from '@playwright/test'
import {
  card,
  enter,
  expect,
  type Page,
  rest,
  runUntilAsked,
  stopClock,
  test,
  toast,
} from './support/test'

const ENTRIES = '**/api/v1/entries'
const ONE = '**/api/v1/entries/*'
const html = { contentType: 'text/html', body: '<h1>Welcome to this network</h1>' }
const json = (body: unknown) => ({
  contentType: 'application/json',
  body: JSON.stringify(body),
})

/** Answers of a proxy, a portal or a cache. */
const ANSWERS: [string, Parameters<Route['fulfill']>[0]][] = [
  ['a 404 in plain text', { status: 404, contentType: 'text/plain', body: 'Not Found' }],
  ['a 403 page', { status: 403, ...html }],
  ['a 400 page', { status: 400, ...html }],
  ['a 413 page', { status: 413, ...html }],
  ['a 204', { status: 204, headers: { 'x-request-id': 'of-the-proxy' } }],
  ['an empty 200', { status: 200, body: '' }],
  ['a 200 that says ok', { status: 200, ...json({ ok: true }) }],
  ['a 201 of something else', { status: 201, ...json({ id: 'x', metric: 'water', value: 1 }) }],
  ['a page', { status: 200, ...html }],
  ['half of an answer', { status: 201, contentType: 'application/json', body: '{"id":"' }],
  ['a login page', { status: 401, ...html }],
  [
    'a conflict without a code',
    { status: 409, contentType: 'application/problem+json', body: '{}' },
  ],
]

const kept = (page: Page) =>
  page.evaluate(() => Object.keys(localStorage).filter((key) => key.includes(':pending:')).length)

test('an entry that something else answers for waits, and arrives once', async ({
  page,
  admin,
  client,
}) => {
  await stopClock(page)
  await enter(page, admin)
  await expect(card(page, 'Water')).toContainText('Never')
  const pending = card(page, 'Not saved yet')
  for (const [what, answer] of ANSWERS) {
    await test.step(what, async () => {
      const before = (await client.entries()).length
      await page.route(ENTRIES, (route) => route.fulfill(answer))
      await page.getByRole('button', { name: 'Log 250 ml' }).click()
      await expect(pending.getByRole('listitem')).toHaveCount(1)
      await expect(pending).toContainText('Nothing is lost')
      expect(await kept(page)).toBe(1)
      await page.unroute(ENTRIES)
      await pending.getByRole('button', { name: 'Retry now' }).click()
      await expect(pending).toBeHidden()
      expect(await client.entries()).toHaveLength(before + 1)
      expect(await kept(page)).toBe(0)
    })
  }
})

test('an entry that the server refuses stays with the reason, and is corrected', async ({
  page,
  admin,
  client,
}) => {
  await stopClock(page)
  await enter(page, admin)
  await expect(card(page, 'Water')).toContainText('Never')
  await page.route(ENTRIES, async (route) => {
    const sent = route.request().postDataJSON() as Record<string, unknown>
    await route.continue({ postData: { ...sent, value: 9999 } })
  })
  await page.getByRole('button', { name: 'Log 250 ml' }).click()
  const refused = card(page, 'Not accepted')
  await expect(refused).toContainText('250 ml')
  await expect(refused).toContainText('The amount has to be')
  await expect(card(page, 'Water')).toContainText('Never')
  await page.unroute(ENTRIES)
  await page.reload()
  await expect(refused).toContainText('250 ml')
  expect(await client.entries()).toEqual([])

  await refused.getByRole('button', { name: 'Correct 250 ml' }).click()
  const dialog = page.getByRole('dialog', { name: 'Add an entry' })
  await dialog.getByLabel(/^Amount/).fill('300')
  await dialog.getByRole('button', { name: 'Save' }).click()
  await expect(refused).toBeHidden()
  await expect(card(page, 'Water')).toContainText('300 ml of')
  expect(await client.entries()).toMatchObject([{ value: 300 }])
  expect(await kept(page)).toBe(0)
})

test('a waiting entry that is refused in the end is not dropped', async ({ page, admin }) => {
  await stopClock(page)
  await enter(page, admin)
  await expect(card(page, 'Water')).toContainText('Never')
  await page.route(ENTRIES, (route) => route.abort())
  await page.getByRole('button', { name: 'Log 250 ml' }).click()
  const pending = card(page, 'Not saved yet')
  await expect(pending).toBeVisible()
  await page.unroute(ENTRIES)
  await page.route(ENTRIES, async (route) => {
    const sent = route.request().postDataJSON() as Record<string, unknown>
    await route.continue({ postData: { ...sent, at: '1999-01-01T00:00:00.000Z' } })
  })
  await pending.getByRole('button', { name: 'Retry now' }).click()
  const refused = card(page, 'Not accepted')
  await expect(refused).toContainText('The time lies before the year 2000')
  await refused.getByRole('button', { name: 'Discard 250 ml' }).click()
  await expect(refused).toBeHidden()
  await expect(card(page, 'Not changed yet')).toBeHidden()
  // Its first attempt was not answered and may still arrive, so it is deleted once more.
  await runUntilAsked(page, ONE)
  await expect.poll(() => kept(page)).toBe(0)
})

test('nothing else is believed either: changes, deletions, settings, shares, passwords, sign-in', async ({
  page,
  admin,
  viewer,
  client,
}) => {
  const entry = await client.log({ metric: 'water', value: 250 })
  await stopClock(page)
  const fake = async (url: string, method: string, answer: Parameters<Route['fulfill']>[0]) => {
    await page.route(url, (route) =>
      route.request().method() === method ? route.fulfill(answer) : route.fallback(),
    )
  }
  await page.goto('/sign-in')
  await fake('**/api/v1/auth/login', 'POST', { status: 200, ...json({ ok: true }) })
  await page.getByLabel('Username').fill(admin.username)
  await page.getByLabel('Password', { exact: true }).fill(admin.password)
  await page.getByRole('button', { name: 'Sign in' }).click()
  await expect(page.getByRole('main')).toContainText('answered in its place')
  await page.unrouteAll()

  await enter(page, admin, '/history')
  await fake(ONE, 'PATCH', { status: 200, ...json({ ...entry, value: 300 }) })
  await page.getByRole('button', { name: /^Edit 250 ml/ }).click()
  const dialog = page.getByRole('dialog')
  await dialog.getByLabel(/^Amount/).fill('300')
  await dialog.getByRole('button', { name: 'Save' }).click()
  await expect(dialog).toContainText('not changed yet')
  await dialog.getByRole('button', { name: 'Cancel' }).click()

  await fake(ONE, 'DELETE', { status: 204 })
  await page.getByRole('button', { name: /^Delete 250 ml/ }).click()
  const changes = card(page, 'Not changed yet')
  await expect(changes).toContainText('Delete')
  expect(await client.entries()).toHaveLength(1)
  await page.unrouteAll()
  await changes.getByRole('button', { name: 'Retry now' }).click()
  await expect(changes).toBeHidden()
  expect(await client.entries()).toHaveLength(0)

  await page.goto('/settings')
  await fake('**/api/v1/me', 'PATCH', { status: 200, ...html })
  await page.getByLabel(/^Daily goal/).fill('1800')
  await page.getByRole('button', { name: 'Save changes' }).click()
  await expect(page.getByRole('alert').first()).toBeVisible()
  await expect(toast(page, 'Settings saved')).toBeHidden()
  await fake('**/api/v1/me/password', 'PUT', { status: 204 })
  await page.getByLabel('Current password').fill(admin.password)
  await page.getByLabel('New password').fill('Another-Harbour-72-lamps')
  await page.getByRole('button', { name: 'Change password' }).click()
  await expect(page.getByRole('alert').last()).toContainText('answered in its place')

  await client.send('PATCH', `/me/shares/${viewer.username}`, { state: 'approved' })
  await page.goto('/sharing')
  await fake('**/api/v1/me/shares/*', 'DELETE', { status: 204 })
  await page.getByRole('button', { name: new RegExp(`^(End|Revoke).*${viewer.username}`) }).click()
  await page
    .getByRole('dialog')
    .getByRole('button', { name: /^(End|Revoke)/ })
    .click()
  await expect(page.getByRole('dialog').getByRole('alert')).toBeVisible()
})

test('an entry given up after its answer was lost goes from the server, when it can be reached', async ({
  page,
  admin,
  client,
}) => {
  await page.route('**/events', (route) => route.abort())
  await stopClock(page)
  await enter(page, admin)
  await expect(card(page, 'Water')).toContainText('Never')
  await page.route(ENTRIES, async (route) => {
    await route.fetch()
    await route.abort('connectionreset')
  })
  await page.getByRole('button', { name: 'Log 250 ml' }).click()
  const pending = card(page, 'Not saved yet')
  await expect(pending).toBeVisible()
  expect(await client.entries()).toHaveLength(1)

  await page.route(ONE, (route) => route.abort())
  await pending.getByRole('button', { name: 'Discard 250 ml' }).click()
  await expect(pending).toBeHidden()
  const changes = card(page, 'Not changed yet')
  await expect(changes).toContainText('Delete')
  await expect(card(page, 'Water')).not.toContainText('250 ml of')

  // Neither a reload nor the server's copy brings it back.
  await page.reload()
  await expect(changes).toBeVisible()
  await expect(card(page, 'Water')).not.toContainText('250 ml of')
  await expect(card(page, 'The day so far').getByText('250 ml')).toBeHidden()
  // The page tries it once as it begins.
  await rest(page)
  await page.unroute(ONE)
  await changes.getByRole('button', { name: 'Retry now' }).click()
  await expect(changes).toBeHidden()
  expect(await client.entries()).toEqual([])
  expect(await kept(page)).toBe(0)
})

test('a gateway’s 404 does not end the wish to delete', async ({ page, admin, client }) => {
  await client.log({ metric: 'water', value: 250 })
  await stopClock(page)
  await enter(page, admin, '/history')
  await page.route(ONE, (route) =>
    route.fulfill({
      status: 404,
      contentType: 'application/problem+json',
      body: JSON.stringify({ status: 404, code: 'no_route', request_id: 'of-the-gateway' }),
    }),
  )
  await page.getByRole('button', { name: /^Delete 250 ml/ }).click()
  const changes = card(page, 'Not changed yet')
  await expect(changes).toContainText('Delete')
  await page.unroute(ONE)
  await changes.getByRole('button', { name: 'Retry now' }).click()
  await expect(changes).toBeHidden()
  expect(await client.entries()).toEqual([])
})

test('an entry that arrived while its answer was lost counts once, and waits no more', async ({
  page,
  admin,
  client,
}) => {
  await page.route('**/events', (route) => route.abort())
  await stopClock(page)
  await enter(page, admin)
  await expect(card(page, 'Water')).toContainText('Never')
  await page.route(ENTRIES, async (route) => {
    await route.fetch()
    await route.abort('connectionreset')
  })
  await page.getByRole('button', { name: 'Log 250 ml' }).click()
  await expect(card(page, 'Not saved yet')).toBeVisible()
  expect(await client.entries()).toHaveLength(1)
  await page.reload()
  await expect(card(page, 'The day so far')).toContainText('250 ml')
  await expect(card(page, 'Not saved yet')).toBeHidden()
  await expect(card(page, 'Water')).toContainText('250 ml of')
  expect(await kept(page)).toBe(0)
})

test('an undo that did not arrive is reported, stored and done', async ({
  page,
  admin,
  client,
}) => {
  const old = await client.log({ metric: 'water', value: 400 })
  await stopClock(page)
  await enter(page, admin, '/history')
  const changes = card(page, 'Not changed yet')
  const retry = async () => {
    await page.unrouteAll()
    await changes.getByRole('button', { name: 'Retry now' }).click()
    await expect(changes).toBeHidden()
  }
  await page.getByRole('button', { name: /^Delete 400 ml/ }).click()
  await expect(toast(page, '400 ml deleted')).toBeVisible()
  await page.route('**/restore', (route) => route.abort())
  await toast(page, '400 ml deleted').getByRole('button', { name: 'Undo' }).click()
  await expect(changes).toContainText('Bring back')
  await retry()
  await expect(page.getByRole('button', { name: /^Edit 400 ml/ })).toBeVisible()
  expect(await client.entries()).toMatchObject([{ id: old.id }])

  await page.getByRole('button', { name: /^Edit 400 ml/ }).click()
  await page
    .getByRole('dialog')
    .getByLabel(/^Amount/)
    .fill('500')
  await page.getByRole('dialog').getByRole('button', { name: 'Save' }).click()
  await expect(toast(page, '500 ml changed')).toBeVisible()
  await page.route('**/versions/*/restore', (route) => route.fulfill({ status: 200, ...html }))
  await toast(page, '500 ml changed').getByRole('button', { name: 'Undo' }).click()
  await expect(changes).toContainText('Change back')
  await retry()
  expect(await client.entries()).toMatchObject([{ value: 400 }])

  await page.getByRole('navigation').getByRole('link', { name: 'Today' }).click()
  await page.getByRole('button', { name: 'Log 250 ml' }).click()
  await expect(toast(page, '250 ml logged')).toBeVisible()
  await page.route(ONE, (route) => route.abort())
  await toast(page, '250 ml logged').getByRole('button', { name: 'Undo' }).click()
  await expect(changes).toContainText('Delete')
  await expect(card(page, 'Water')).toContainText('400 ml of')
  await retry()
  expect(await client.entries()).toMatchObject([{ value: 400 }])
})

for (const [how, breakIt] of [
  [
    'refuses it',
    () => {
      Object.defineProperty(window, 'localStorage', {
        get: () => {
          throw new DOMException('The operation is insecure.', 'SecurityError')
        },
      })
    },
  ],
  [
    'is full',
    () => {
      Storage.prototype.setItem = () => {
        throw new DOMException('full', 'QuotaExceededError')
      }
    },
  ],
  [
    'has none',
    () => {
      Object.defineProperty(window, 'localStorage', { get: () => null })
    },
  ],
  [
    'accepts everything and stores nothing',
    () => {
      Storage.prototype.setItem = () => undefined
    },
  ],
] as const) {
  test(`a browser whose storage ${how} works, and the person is told`, async ({
    page,
    admin,
    client,
  }) => {
    await page.addInitScript(breakIt)
    await stopClock(page)
    await enter(page, admin)
    await expect(page.getByText('lost if you close this tab')).toBeVisible()
    await page.route(ENTRIES, (route) => route.abort())
    await page.getByRole('button', { name: 'Log 250 ml' }).click()
    const pending = card(page, 'Not saved yet')
    await expect(pending).toContainText('kept in this tab')
    await page.unroute(ENTRIES)
    await pending.getByRole('button', { name: 'Retry now' }).click()
    await expect(pending).toBeHidden()
    expect(await client.entries()).toHaveLength(1)
    await page.goto('/settings')
    await page.getByRole('radio', { name: 'Dark' }).check()
    await expect(page.locator('html')).toHaveAttribute('data-theme', 'dark')
  })
}

test('a server that does not answer is told after two seconds, and never beside Live', async ({
  page,
  admin,
  client,
}) => {
  await stopClock(page)
  await enter(page, admin)
  const pill = (words: string) => page.getByRole('main').getByText(words, { exact: true })
  await expect(pill('Live')).toBeVisible()
  let answer = (): void => undefined
  const gate = new Promise<void>((resolve) => (answer = resolve))
  await page.route(ENTRIES, async (route) => {
    await gate
    await route.continue()
  })
  await page.getByRole('button', { name: 'Log 250 ml' }).click()
  await page.clock.runFor(1_900)
  await expect(pill('Live')).toBeVisible()
  await page.clock.runFor(200)
  await expect(card(page, 'Saving')).toContainText('has not answered yet')
  await expect(page.getByText('Reconnecting')).toBeVisible()
  answer()
  await expect(card(page, 'Saving')).toBeHidden()
  await expect(pill('Live')).toBeVisible()
  expect(await client.entries()).toHaveLength(1)
})
