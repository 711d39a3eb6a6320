// The terms of a share: narrowed, changed elsewhere, ended and given again.
import { card, Client, enter, expect, type Page, stopClock, test, toast } from './support/test'

const row = (page: Page, region: string, name: string) =>
  card(page, region).getByRole('listitem').filter({ hasText: name })

test('what a viewer sees is narrowed, and holds at once', async ({
  page,
  admin,
  viewer,
  client,
  request,
}) => {
  await client.send('PATCH', `/me/shares/${viewer.username}`, { state: 'approved' })
  await client.log({ metric: 'water', value: 300 })
  await client.log({ metric: 'altitude', value: 7 })
  await enter(page, admin, '/sharing')
  await page.getByRole('button', { name: `Change what ${viewer.username} sees` }).click()
  const dialog = page.getByRole('dialog', { name: `What ${viewer.username} sees` })
  await dialog.getByRole('group', { name: 'Water' }).getByRole('radio', { name: 'Band' }).check()
  await expect(dialog).toContainText('low, middle or high instead of amounts')
  await dialog.getByRole('group', { name: 'Altitude' }).getByRole('radio', { name: 'None' }).check()
  await dialog.getByRole('checkbox', { name: /^History/ }).uncheck()
  await dialog.getByRole('button', { name: 'A week' }).click()

  // The choice survives a reload.
  await page.reload()
  await expect(dialog.getByRole('checkbox', { name: /^History/ })).not.toBeChecked()
  await expect(dialog.getByLabel('Until')).not.toHaveValue('')
  await dialog.getByRole('button', { name: 'Save' }).click()
  await expect(dialog).toBeHidden()
  const share = row(page, 'Who can watch', viewer.username)
  await expect(share).toContainText('Water as a band, no altitude, only how you are now')
  await expect(share).toContainText(/until \d+ \w+ 20\d\d/)

  const reader = await Client.signIn(request, viewer)
  const status = await reader.send('GET', `/people/${admin.username}/status`)
  expect(await status.json()).toMatchObject({
    water: { last_ml: null, today_ml: null },
    altitude: { value: null, at: null },
  })
  const entries = await reader.send('GET', `/people/${admin.username}/entries`)
  expect(entries.status()).toBe(403)

  // A past end is refused before it is sent.
  await page.getByRole('button', { name: `Change what ${viewer.username} sees` }).click()
  await dialog.getByLabel('Until').fill('2020-01-01T00:00')
  await dialog.getByRole('button', { name: 'Save' }).click()
  await expect(dialog.getByText('Choose a time in the future.')).toBeVisible()
  await dialog.getByRole('button', { name: 'No end' }).click()
  await dialog.getByRole('button', { name: 'Save' }).click()
  await expect(share).toContainText('no end')
})

test('a dialog left open takes nothing back that was narrowed elsewhere', async ({
  page: phone,
  device,
  admin,
  viewer,
  client,
}) => {
  await client.share(viewer)
  const tablet = await device()
  const dialogOf = (page: Page) =>
    page.getByRole('dialog', { name: `What ${viewer.username} sees` })
  const change = async (page: Page) => {
    await page.getByRole('button', { name: `Change what ${viewer.username} sees` }).click()
    return dialogOf(page)
  }
  const water = (page: Page, detail: string) =>
    dialogOf(page).getByRole('group', { name: 'Water' }).getByRole('radio', { name: detail })
  const history = (page: Page) => dialogOf(page).getByRole('checkbox', { name: /^History/ })

  // The tablet receives no events meanwhile.
  await tablet.route('**/events', (route) => route.abort())
  await stopClock(tablet)
  await enter(tablet, admin, '/sharing')
  const old = await change(tablet)
  await enter(phone, admin, '/sharing')
  const fresh = await change(phone)
  await water(phone, 'Band').check()
  await history(phone).uncheck()
  await fresh.getByRole('button', { name: 'Save' }).click()
  await expect(fresh).toBeHidden()

  await old.getByRole('button', { name: 'A week' }).click()
  await old.getByRole('button', { name: 'Save' }).click()
  await expect(toast(tablet, `What ${viewer.username} sees is changed.`)).toContainText(
    'Water as a band, exact altitude, only how you are now.',
  )
  const answer = await client.send('GET', `/me/shares/${viewer.username}`)
  expect(await answer.json()).toMatchObject({ water: 'band', altitude: 'exact', history: false })
  await expect(row(phone, 'Who can watch', viewer.username)).toContainText(/until \d+ \w+ 20\d\d/)
})

test('a dialog that is open follows what is changed elsewhere, and so does a kept draft', async ({
  page,
  admin,
  viewer,
  client,
}) => {
  await client.share(viewer)
  await enter(page, admin, '/sharing')
  await page.getByRole('button', { name: `Change what ${viewer.username} sees` }).click()
  const dialog = page.getByRole('dialog', { name: `What ${viewer.username} sees` })
  const water = dialog.getByRole('group', { name: 'Water' })
  const altitude = dialog.getByRole('group', { name: 'Altitude' })
  await altitude.getByRole('radio', { name: 'Logged' }).check()
  await client.share(viewer, { water: 'band' })
  await expect(water.getByRole('radio', { name: 'Band' })).toBeChecked()
  await expect(dialog.getByRole('status').filter({ hasText: 'elsewhere' })).toBeVisible()
  await expect(altitude.getByRole('radio', { name: 'Logged' })).toBeChecked()

  await page.goto('about:blank')
  await client.share(viewer, { water: 'none', history: false })
  await enter(page, admin, '/sharing')
  await expect(water.getByRole('radio', { name: 'None' })).toBeChecked()
  await expect(dialog.getByRole('checkbox', { name: /^History/ })).not.toBeChecked()
  await client.send('DELETE', `/me/shares/${viewer.username}`)
  await expect(dialog).toContainText(`${viewer.username} cannot watch you now.`)
  await expect(dialog.getByRole('button', { name: 'Share', exact: true })).toBeVisible()
})

test('what was chosen last survives a reload', async ({ page, admin, viewer, client }) => {
  await client.share(viewer)
  await enter(page, admin, '/sharing')
  await page.getByRole('button', { name: `Change what ${viewer.username} sees` }).click()
  const water = page.getByRole('dialog').getByRole('group', { name: 'Water' })
  await water.getByRole('radio', { name: 'Band' }).check()
  await page.reload()
  await expect(water.getByRole('radio', { name: 'Band' })).toBeChecked()
})

test('a share is ended by naming what is lost, and given again', async ({
  page,
  admin,
  viewer,
  client,
  request,
}) => {
  await client.send('PATCH', `/me/shares/${viewer.username}`, { state: 'approved' })
  const reader = await Client.signIn(request, viewer)
  const status = async () => (await reader.send('GET', `/people/${admin.username}/status`)).status()
  expect(await status()).toBe(200)
  await enter(page, admin, '/sharing')
  await expect(card(page, 'Who looked')).toContainText(viewer.username)
  await expect(row(page, 'Who can watch', viewer.username)).toContainText('last looked')
  await page.getByRole('button', { name: `End sharing with ${viewer.username}` }).click()
  const dialog = page.getByRole('dialog', { name: 'End sharing' })
  await expect(dialog).toContainText('neither how you are nor your history')
  await dialog.getByRole('button', { name: 'End sharing' }).click()
  await expect(dialog).toBeHidden()
  await expect(page.getByRole('heading', { name: 'Who can watch' })).toBeFocused()
  expect(await status()).toBe(404)
  await page.getByRole('button', { name: `Share again with ${viewer.username}` }).click()
  await page.getByRole('dialog').getByRole('button', { name: 'Share', exact: true }).click()
  await expect(row(page, 'Who can watch', viewer.username)).toContainText('Exact water')
  expect(await status()).toBe(200)
})
