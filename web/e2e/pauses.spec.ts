// Pauses that the server asks for: no tab of the browser sends anything until one is over, then one request goes first,
// and the others follow.
import {
  type Account,
  card,
  enter,
  expect,
  type Page,
  pressLevels,
  rest,
  runUntilAsked,
  stopClock,
  test,
} from './support/test'

const API = '**/api/v1/**'

/** Refuses everything from now on, as the server would, and returns the list of requests. */
async function refuse(page: Page, seconds: number): Promise<string[]> {
  const asked: string[] = []
  await page.context().route(API, async (route) => {
    asked.push(new URL(route.request().url()).pathname)
    await route.fulfill({
      status: 429,
      contentType: 'application/problem+json',
      headers: { 'retry-after': String(seconds) },
      body: JSON.stringify({
        type: 'about:blank',
        title: 'That was too often',
        status: 429,
        detail: `Wait ${seconds} seconds.`,
        code: 'rate_limited',
        request_id: 'f00',
      }),
    })
  })
  return asked
}

/** Opens a page whose clock is stopped, and waits until it has all that it asked for. */
async function arrive(page: Page, account: Account, path: string): Promise<void> {
  await enter(page, account, path)
  await rest(page)
}

test('a page that may not ask waits, says so, and asks once when the time has come', async ({
  page,
  admin,
}) => {
  await stopClock(page)
  // Somebody is signed in, and no script of the page has asked for anything yet.
  await enter(page, admin, '/favicon.svg')
  const asked = await refuse(page, 60)
  await page.goto('/')
  await expect(page.getByRole('alert')).toContainText('asked the server too often')
  expect(asked).toEqual(['/api/v1/start'])
  // Nothing goes out: not by itself, nor by a press, nor from another tab.
  await page.clock.runFor(50_000)
  await page.getByRole('button', { name: 'Try again' }).click()
  const tab = await page.context().newPage()
  await tab.goto('/')
  await expect(tab.getByRole('alert')).toContainText('asked the server too often')
  expect(asked).toEqual(['/api/v1/start'])
  await tab.close()
  await page.context().unroute(API)
  await runUntilAsked(page, '**/api/v1/start')
  await expect(card(page, 'Water')).toBeVisible()
})

test('an entry that is logged meanwhile waits, and arrives by itself, once', async ({
  page,
  admin,
  client,
}) => {
  await stopClock(page)
  await arrive(page, admin, '/')
  await expect(page.getByText('Live', { exact: true })).toBeVisible()
  await rest(page)
  const asked = await refuse(page, 30)
  await page.getByRole('button', { name: 'Log 250 ml' }).click()
  const pending = card(page, 'Not saved yet')
  await expect(pending).toContainText('Nothing is lost')
  await page.getByRole('button', { name: 'Log 500 ml' }).click()
  await pressLevels(page, '7')
  await pending.getByRole('button', { name: 'Retry now' }).click()
  await expect(pending.getByRole('listitem')).toHaveCount(3)
  expect(asked).toEqual(['/api/v1/entries'])
  await page.context().unroute(API)
  await page.clock.runFor(31_000)
  await expect(pending).toBeHidden()
  await expect.poll(async () => (await client.entries()).length).toBe(3)
})

test('a form that may not send says when it may', async ({ page, admin }) => {
  await stopClock(page)
  await arrive(page, admin, '/settings')
  await page.getByLabel(/^Daily goal/).fill('1800')
  await rest(page)
  const asked = await refuse(page, 300)
  await page.getByRole('button', { name: 'Save changes' }).click()
  await expect(page.getByText('in 5 minutes')).toBeVisible()
  await page.getByRole('button', { name: 'Save changes' }).click()
  await expect(page.getByText('in 5 minutes')).toBeVisible()
  expect(asked).toEqual(['/api/v1/me'])
})
