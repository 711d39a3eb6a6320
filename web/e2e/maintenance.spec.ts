// Maintenance: reading goes on, nothing that is logged is lost, and the page says so.
import {
  card,
  type Client,
  enter,
  expect,
  runUntilAsked,
  stopClock,
  test,
  toast,
  trySignIn,
} from './support/test'

const BANNER = 'The server is under maintenance. You can read everything'

async function maintain(client: Client, on: boolean): Promise<void> {
  const answer = await client.send('PATCH', '/admin/settings', { maintenance_mode: on })
  expect(answer.status()).toBe(200)
}

test.afterEach(async ({ client }) => {
  await maintain(client, false)
})

test('an admin begins it and ends it, and every page says so meanwhile', async ({
  page,
  device,
  admin,
  viewer,
}) => {
  const watching = await device()
  await enter(watching, viewer, '/settings')
  await expect(watching.getByRole('heading', { name: 'Settings' })).toBeVisible()
  await stopClock(page)
  await enter(page, admin, '/admin/server')
  await page.getByRole('button', { name: 'Begin the maintenance' }).click()
  await expect(card(page, 'Maintenance')).toContainText('Maintenance is on.')
  await expect(page.getByText(BANNER)).toBeVisible()
  await page.getByRole('link', { name: 'Today' }).click()
  await expect(page.getByText(BANNER)).toBeVisible()

  await watching.reload()
  await expect(watching.getByText(BANNER)).toBeVisible()
  await page.goto('/admin/server')
  await page.getByRole('button', { name: 'End the maintenance' }).click()
  await expect(toast(page, 'Maintenance is off')).toBeVisible()
  await expect(page.getByText(BANNER)).toHaveCount(0)
})

test('entries logged meanwhile are stored here and sent afterwards', async ({
  page,
  admin,
  client,
}) => {
  await stopClock(page)
  await enter(page, admin)
  await expect(card(page, 'Water')).toContainText('Never')
  await maintain(client, true)
  await page.getByRole('button', { name: 'Log 250 ml' }).click()
  await expect(page.getByText(BANNER)).toBeVisible()
  await expect(card(page, 'Not saved yet')).toContainText('250 ml')
  expect(await client.entries()).toEqual([])

  await page.reload()
  await expect(page.getByText(BANNER)).toBeVisible()
  await expect(card(page, 'Not saved yet')).toContainText('250 ml')
  await maintain(client, false)
  // The page asks again by itself.
  await runUntilAsked(page, '**/api/v1/instance')
  await expect(card(page, 'Not saved yet')).toBeHidden()
  await expect(page.getByText(BANNER)).toHaveCount(0)
  await expect.poll(() => client.entries()).toMatchObject([{ metric: 'water', value: 250 }])
})

test('only admins can sign in meanwhile, and the page says why', async ({
  page,
  viewer,
  client,
}) => {
  await maintain(client, true)
  await page.goto('/sign-in')
  await expect(page.getByText(BANNER)).toBeVisible()
  await trySignIn(page, viewer.username, viewer.password)
  await expect(page.getByRole('alert')).toContainText('only its admins can sign in')
  await expect(page.getByLabel('Username')).toHaveValue(viewer.username)
})

test('a form says why it could not be saved, and keeps what was typed', async ({
  page,
  admin,
  client,
}) => {
  await enter(page, admin, '/settings')
  await page.getByLabel('Display name').fill('Robin of the hills')
  await maintain(client, true)
  await page.getByRole('button', { name: 'Save changes' }).click()
  await expect(page.getByText('Nothing was changed. What you typed is kept')).toBeVisible()
  await expect(page.getByLabel('Display name')).toHaveValue('Robin of the hills')
})
