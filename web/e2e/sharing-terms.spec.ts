// The terms of a share: narrowed, changed elsewhere, ended and given again.
import { watch } from './support/live'
import { detailOf, historyOf, openTerms, reader, row, termsOf } from './support/sharing'
import { card, enter, expect, stopClock, test, toast } from './support/test'

test('a narrower share holds at once', async ({ page, admin, viewer, client, request }) => {
  await client.share(viewer)
  await client.log({ metric: 'water', value: 300 })
  await client.log({ metric: 'altitude', value: 7 })
  await watch(page, admin, '/sharing')
  const dialog = await openTerms(page, viewer)
  await detailOf(dialog, 'Water', 'Band').check()
  await expect(dialog).toContainText('low, middle or high instead of amounts')
  await detailOf(dialog, 'Altitude', 'None').check()
  await historyOf(dialog).uncheck()
  await dialog.getByRole('button', { name: 'A week' }).click()

  // The choice survives a reload.
  await page.reload()
  await expect(historyOf(dialog)).not.toBeChecked()
  await expect(dialog.getByLabel('Until')).not.toHaveValue('')
  await dialog.getByRole('button', { name: 'Save' }).click()
  await expect(dialog).toBeHidden()
  const share = row(page, 'Who can watch', viewer.username)
  await expect(share).toContainText('Water as a band, no altitude, only how you are now')
  await expect(share).toContainText(/until \d+ \w+ 20\d\d/)

  const watching = await reader(request, viewer, admin)
  expect(await (await watching.status()).json()).toMatchObject({
    water: { last_ml: null, today_ml: null },
    altitude: { value: null, at: null },
  })
  expect((await watching.entries()).status()).toBe(403)

  // A past end is refused before it is sent.
  await openTerms(page, viewer)
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
  // The tablet receives no events meanwhile.
  await tablet.route('**/events', (route) => route.abort())
  await stopClock(tablet)
  await enter(tablet, admin, '/sharing')
  const old = await openTerms(tablet, viewer)
  await watch(phone, admin, '/sharing')
  const fresh = await openTerms(phone, viewer)
  await detailOf(fresh, 'Water', 'Band').check()
  await historyOf(fresh).uncheck()
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

test('an open dialog follows changes made elsewhere, and so does a stored draft', async ({
  page,
  admin,
  viewer,
  client,
}) => {
  await client.share(viewer)
  await watch(page, admin, '/sharing')
  const dialog = await openTerms(page, viewer)
  await detailOf(dialog, 'Altitude', 'Logged').check()
  await client.share(viewer, { water: 'band' })
  await expect(detailOf(dialog, 'Water', 'Band')).toBeChecked()
  await expect(dialog.getByRole('status').filter({ hasText: 'elsewhere' })).toBeVisible()
  await expect(detailOf(dialog, 'Altitude', 'Logged')).toBeChecked()

  await page.goto('about:blank')
  await client.share(viewer, { water: 'none', history: false })
  await watch(page, admin, '/sharing')
  await expect(detailOf(dialog, 'Water', 'None')).toBeChecked()
  await expect(historyOf(dialog)).not.toBeChecked()
  await client.send('DELETE', `/me/shares/${viewer.username}`)
  await expect(dialog).toContainText(`${viewer.username} cannot watch you now.`)
  await expect(dialog.getByRole('button', { name: 'Share', exact: true })).toBeVisible()
})

test('the last choice survives a reload', async ({ page, admin, viewer, client }) => {
  await client.share(viewer)
  await watch(page, admin, '/sharing')
  await detailOf(await openTerms(page, viewer), 'Water', 'Band').check()
  await page.reload()
  await expect(detailOf(termsOf(page, viewer), 'Water', 'Band')).toBeChecked()
})

test('a share is ended by naming what is lost, and given again', async ({
  page,
  admin,
  viewer,
  client,
  request,
}) => {
  await client.share(viewer)
  const { sees } = await reader(request, viewer, admin)
  expect(await sees()).toBe(200)
  // A look is written down after its answer.
  const looks = async (): Promise<unknown> => (await client.send('GET', '/me/audience')).json()
  await expect.poll(looks).toMatchObject({ items: [{ username: viewer.username }] })
  await watch(page, admin, '/sharing')
  await expect(card(page, 'Who looked')).toContainText(viewer.username)
  await expect(row(page, 'Who can watch', viewer.username)).toContainText('last looked')
  await page.getByRole('button', { name: `End sharing with ${viewer.username}` }).click()
  const dialog = page.getByRole('dialog', { name: 'End sharing' })
  await expect(dialog).toContainText('neither how you are nor your history')
  await dialog.getByRole('button', { name: 'End sharing' }).click()
  await expect(dialog).toBeHidden()
  await expect(page.getByRole('heading', { name: 'Who can watch' })).toBeFocused()
  expect(await sees()).toBe(404)
  await page.getByRole('button', { name: `Share again with ${viewer.username}` }).click()
  const again = page.getByRole('dialog', { name: `What ${viewer.username} sees` })
  await again.getByRole('button', { name: 'Share', exact: true }).click()
  await expect(again.getByText(`${viewer.username} did not ask.`)).toBeFocused()
  expect(await sees()).toBe(404)
  await again.getByRole('button', { name: `Let ${viewer.username} watch` }).click()
  await expect(row(page, 'Who can watch', viewer.username)).toContainText('Exact water')
  expect(await sees()).toBe(200)
})
