// API tokens: made for a purpose, shown once, and ended alone.
import { card, endSession, enter, expect, type Page, secret, stopClock, test } from './support/test'

const tokens = (page: Page) => card(page, 'API tokens')
const creating = (page: Page) => page.getByRole('dialog', { name: 'Create an API token' })

test('a token does what it was made for and nothing else, until it is deleted', async ({
  page,
  admin,
  client,
  request,
}) => {
  await enter(page, admin, '/settings')
  await expect(tokens(page)).toContainText('You have none.')
  await tokens(page).getByRole('button', { name: 'Create a token' }).click()
  const dialog = creating(page)
  await dialog.getByRole('checkbox', { name: 'Read what you can see' }).uncheck()
  await dialog.getByRole('button', { name: 'Create token' }).click()
  await expect(dialog).toContainText('Choose at least one thing it may do.')
  await expect(dialog.getByLabel('Name')).toBeFocused()
  await dialog.getByLabel('Name').fill('kitchen button')
  await dialog.getByRole('checkbox', { name: 'Log water only' }).check()
  await dialog.getByLabel('It works for').selectOption('a week')
  await dialog.getByRole('button', { name: 'Create token' }).click()

  await expect(page.getByRole('dialog', { name: 'Your new token' })).toContainText('only now')
  const token = await secret(page, 'Token')
  await page.getByRole('button', { name: 'I have saved it' }).click()
  const row = tokens(page).getByRole('listitem')
  await expect(row).toContainText('kitchen button')
  await expect(row).toContainText('Log water only')
  await expect(row).toContainText('Never used')
  await expect(page.getByLabel('Token', { exact: true })).toHaveCount(0)

  const headers = { authorization: `Bearer ${token}` }
  const log = (metric: string) =>
    request.post('/api/v1/entries', { headers, data: { metric, value: 7 } })
  expect((await log('water')).status()).toBe(201)
  expect((await log('altitude')).status()).toBe(403)
  expect(await client.entries()).toMatchObject([{ metric: 'water', value: 7 }])

  await row.getByRole('button', { name: 'Delete kitchen button' }).click()
  const asking = page.getByRole('dialog', { name: 'Delete this token' })
  await expect(asking).toContainText('can no longer sign in')
  await asking.getByRole('button', { name: 'Delete token' }).click()
  await expect(asking).toBeHidden()
  await expect(tokens(page)).toContainText('You have none.')
  expect((await log('water')).status()).toBe(401)
})

test('a viewer is offered reading only', async ({ page, viewer }) => {
  await enter(page, viewer, '/settings')
  await tokens(page).getByRole('button', { name: 'Create a token' }).click()
  await expect(creating(page).getByRole('checkbox')).toHaveCount(1)
})

test('the typed text survives a reload and an expired session, and the token does not', async ({
  page,
  viewer,
}) => {
  // Only the press of the button can notice that the session has ended.
  await stopClock(page)
  await enter(page, viewer, '/settings')
  await tokens(page).getByRole('button', { name: 'Create a token' }).click()
  await creating(page).getByLabel('Name').fill('hall display')
  await page.reload()
  await expect(creating(page).getByLabel('Name')).toHaveValue('hall display')

  await endSession(page)
  await creating(page).getByRole('button', { name: 'Create token' }).click()
  await expect(page.getByText('Your session has ended.')).toBeVisible()
  await page.getByLabel('Username').fill(viewer.username)
  await page.getByLabel('Password', { exact: true }).fill(viewer.password)
  await page.getByRole('button', { name: 'Sign in' }).click()
  await expect(creating(page).getByLabel('Name')).toHaveValue('hall display')
  await creating(page).getByRole('button', { name: 'Create token' }).click()
  const token = await secret(page, 'Token')
  const stored = await page.evaluate(() => JSON.stringify([localStorage, sessionStorage]))
  expect(stored).not.toContain(token)
  expect(stored).not.toContain('hall display')
})
