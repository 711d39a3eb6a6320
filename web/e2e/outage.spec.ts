// The server goes away in the middle: the page says so plainly, nothing is lost, and an entry sent twice is stored
// once. A page whose clock is stopped does not try again before the button is pressed.
import { card, enter, expect, type Page, pressLevels, stopClock, test } from './support/test'

test.afterEach(async ({ server }) => {
  await server.startApi()
})

test('an entry logged while the server is down arrives later, once', async ({
  page,
  admin,
  client,
  server,
}) => {
  await stopClock(page)
  await enter(page, admin)
  const water = card(page, 'Water')
  await expect(water).toContainText('Never')
  await server.stopApi()
  await water.getByRole('button', { name: 'Log 250 ml' }).click()
  const pending = card(page, 'Not saved yet')
  await expect(pending).toContainText('Nothing is lost')
  await expect(pending).toContainText('250 ml')
  await expect(water).toContainText('250 ml of 2,000 ml today')

  // The page is closed and opened again in the middle of it.
  await page.reload()
  await expect(page.getByRole('alert')).toContainText('could not be loaded')
  await server.startApi()
  await page.getByRole('button', { name: 'Try again' }).click()
  await expect(water).toContainText('250 ml of 2,000 ml today')
  await expect(pending).toBeHidden()
  await expect.poll(() => client.entries()).toMatchObject([{ metric: 'water', value: 250 }])
})

test('several entries wait together, and one press sends them', async ({
  page,
  admin,
  client,
  server,
}) => {
  await stopClock(page)
  await enter(page, admin)
  await expect(card(page, 'Water')).toContainText('Never')
  await server.stopApi()
  const pending = card(page, 'Not saved yet')
  await page.getByRole('button', { name: 'Log 250 ml' }).click()
  await expect(pending).toBeVisible()
  await page.getByRole('button', { name: 'Log 500 ml' }).click()
  await pressLevels(page, '7')
  await expect(pending.getByRole('listitem')).toHaveCount(3)
  await server.startApi()
  await pending.getByRole('button', { name: 'Retry now' }).click()
  await expect(pending).toBeHidden()
  const values = (await client.entries()).map(({ value }) => value)
  expect(values.sort((a, b) => a - b)).toEqual([7, 250, 500])
  await expect(card(page, 'Altitude')).toContainText('Good')
})

/** Lets the first entry that is sent arrive, and loses its answer. */
async function loseAnswer(page: Page): Promise<void> {
  let lost = 0
  await page.route('**/api/v1/entries', async (route) => {
    if (lost > 0) return route.continue()
    lost += 1
    await route.fetch()
    return route.abort('connectionreset')
  })
}

test('an answer that gets lost does not matter where the page is told of the entry', async ({
  page,
  admin,
  client,
}) => {
  await enter(page, admin)
  await expect(page.getByText('Live', { exact: true })).toBeVisible()
  await loseAnswer(page)
  await page.getByRole('button', { name: 'Log 250 ml' }).click()
  await expect(card(page, 'The day so far')).toContainText('250 ml')
  await expect(card(page, 'Not saved yet')).toBeHidden()
  await expect(card(page, 'Water')).toContainText('250 ml of 2,000 ml today')
  expect(await client.entries()).toHaveLength(1)
})

test('an answer that gets lost does not make a second entry', async ({ page, admin, client }) => {
  await page.route('**/events', (route) => route.abort())
  await stopClock(page)
  await enter(page, admin)
  await expect(card(page, 'Water')).toContainText('Never')
  await loseAnswer(page)
  await page.getByRole('button', { name: 'Log 250 ml' }).click()
  const pending = card(page, 'Not saved yet')
  await expect(pending).toBeVisible()
  expect(await client.entries()).toHaveLength(1)
  await pending.getByRole('button', { name: 'Retry now' }).click()
  await expect(pending).toBeHidden()
  expect(await client.entries()).toHaveLength(1)
  await expect(card(page, 'Water')).toContainText('250 ml of 2,000 ml today')
})

test('an entry that is given up is not there afterwards', async ({
  page,
  admin,
  client,
  server,
}) => {
  await enter(page, admin)
  await expect(card(page, 'Water')).toContainText('Never')
  await server.stopApi()
  await page.getByRole('button', { name: 'Log 250 ml' }).click()
  const pending = card(page, 'Not saved yet')
  await pending.getByRole('button', { name: 'Discard 250 ml' }).click()
  await expect(pending).toBeHidden()
  await expect(card(page, 'Water')).toContainText('Never')
  await server.startApi()
  await page.reload()
  await expect(card(page, 'Water')).toContainText('Never')
  expect(await client.entries()).toEqual([])
})

test('an entry that is corrected after it was refused is one, though the first has arrived', async ({
  page,
  admin,
  client,
}) => {
  await page.route('**/events', (route) => route.abort())
  await stopClock(page)
  await enter(page, admin)
  await expect(card(page, 'Water')).toContainText('Never')
  await loseAnswer(page)
  await page.getByRole('button', { name: 'Log 250 ml' }).click()
  const pending = card(page, 'Not saved yet')
  await expect(pending).toBeVisible()
  expect(await client.entries()).toHaveLength(1)
  await page.route('**/api/v1/entries', (route) => {
    const sent = route.request().postDataJSON() as Record<string, unknown>
    return route.continue({ postData: { ...sent, at: '1999-01-01T00:00:00.000Z' } })
  })
  await pending.getByRole('button', { name: 'Retry now' }).click()
  const refused = card(page, 'Not accepted')
  await refused.getByRole('button', { name: 'Correct 250 ml' }).click()
  await page.unroute('**/api/v1/entries')
  const dialog = page.getByRole('dialog', { name: 'Add an entry' })
  await dialog.getByLabel('Amount (ml)').fill('300')
  await dialog.getByRole('button', { name: 'Save' }).click()
  await expect(refused).toBeHidden()
  await expect.poll(() => client.entries()).toMatchObject([{ value: 300 }])
})

test('signing out names what would be lost', async ({ page, admin, server }) => {
  await enter(page, admin)
  await expect(card(page, 'Water')).toContainText('Never')
  await server.stopApi()
  await page.getByRole('button', { name: 'Log 250 ml' }).click()
  await expect(card(page, 'Not saved yet')).toBeVisible()
  await page.getByRole('button', { name: 'Sign out' }).click()
  const dialog = page.getByRole('dialog', { name: 'Not everything is saved' })
  await expect(dialog).toContainText('250 ml')
  await dialog.getByRole('button', { name: 'Stay signed in' }).click()
  await expect(card(page, 'Not saved yet')).toBeVisible()
})

test('signing out names what was begun and not saved', async ({ page, admin }) => {
  await enter(page, admin, '/settings')
  await page.getByLabel('Display name').fill('Robin of the hills')
  await page.goto('/history')
  await page.getByRole('button', { name: 'Add an entry' }).click()
  await page.getByRole('dialog').getByLabel('Note').fill('after the run')
  await page.keyboard.press('Escape')
  await page.getByRole('button', { name: 'Sign out' }).click()
  const dialog = page.getByRole('dialog', { name: 'Not everything is saved' })
  await expect(dialog).toContainText('You began an entry and changes to your settings')
  await dialog.getByRole('button', { name: 'Stay signed in' }).click()
  await page.goto('/settings')
  await expect(page.getByLabel('Display name')).toHaveValue('Robin of the hills')
  await page.getByRole('button', { name: 'Sign out', exact: true }).first().click()
  await dialog.getByRole('button', { name: 'Sign out and lose it' }).click()
  await expect(page.getByRole('heading', { name: 'Sign in' })).toBeVisible()
  // The stream may have brought the end of the session, before the answer that empties the storage.
  await expect
    .poll(() => page.evaluate(() => JSON.stringify(localStorage)))
    .not.toContain('after the run')
})

test('a form keeps what was typed, and saves it once the server is back', async ({
  page,
  admin,
  client,
  server,
}) => {
  await client.log({ metric: 'water', value: 250, at: new Date(Date.now() - 60_000).toISOString() })
  await enter(page, admin, '/history')
  await page.getByRole('button', { name: /^Edit 250 ml/ }).click()
  const dialog = page.getByRole('dialog', { name: 'Edit entry' })
  await dialog.getByLabel('Amount (ml)').fill('475')
  await dialog.getByLabel('Note').fill('after the run')
  await server.stopApi()
  await dialog.getByRole('button', { name: 'Save' }).click()
  await expect(dialog).toContainText('The entry is not changed yet. What you typed is kept')
  await expect(dialog.getByLabel('Note')).toHaveValue('after the run')
  await server.startApi()
  await dialog.getByRole('button', { name: 'Save' }).click()
  await expect(dialog).toBeHidden()
  await expect.poll(() => client.entries()).toMatchObject([{ value: 475, note: 'after the run' }])
})

test('signing in says that the server is away, and works when it is back', async ({
  page,
  admin,
  server,
}) => {
  await page.goto('/sign-in')
  await expect(page.getByRole('heading', { name: 'Sign in' })).toBeVisible()
  await page.getByLabel('Username').fill(admin.username)
  await page.getByLabel('Password', { exact: true }).fill(admin.password)
  await server.stopApi()
  await page.getByRole('button', { name: 'Sign in' }).click()
  await expect(page.getByRole('main')).toContainText('Try again in a moment')
  await server.startApi()
  await page.getByRole('button', { name: 'Sign in' }).click()
  await expect(page.getByRole('heading', { name: 'Today' })).toBeVisible()
})

test('a history that cannot be loaded offers to try again', async ({
  page,
  admin,
  client,
  server,
}) => {
  await client.log({ metric: 'water', value: 250 })
  await stopClock(page)
  await enter(page, admin)
  await expect(card(page, 'Water')).toContainText('250 ml of')
  await server.stopApi()
  await page.getByRole('navigation').getByRole('link', { name: 'History' }).click()
  await expect(page.getByRole('alert')).toContainText('The history could not be loaded')
  await server.startApi()
  await page.getByRole('button', { name: 'Try again' }).click()
  await expect(page.getByText('That is everything.')).toBeVisible()
})
