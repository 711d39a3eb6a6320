// Shares that change or end while somebody watches, seen without a reload.
import { ago, hide, MINUTE, rows, says, watch, watchWithHistory } from './support/live'
import { card, expect, stopClock, test } from './support/test'

test.beforeEach(async ({ client, viewer }) => {
  await client.share(viewer)
})

test('a share that is narrowed while it is watched takes the numbers away', async ({
  page,
  admin,
  viewer,
  client,
  device,
}) => {
  await client.log({ metric: 'water', value: 250, at: ago(MINUTE), note: 'tea with Kim' })
  const history = await watchWithHistory(page, device, viewer, admin)
  await client.log({ metric: 'altitude', value: 9, at: ago(MINUTE) })
  for (const window of [page, history]) await expect(rows(window)).toHaveCount(2)
  const share = (terms: Record<string, unknown>) => client.share(viewer, terms)

  await share({ water: 'band', altitude: 'band' })
  const water = card(page, 'Water')
  await expect(water).toContainText('Low today: below half of the goal')
  await expect(water).not.toContainText('250')
  await expect(card(page, 'Altitude')).toContainText('High')
  await expect(card(page, 'Altitude')).toContainText('somewhere from 8 to 10')
  await expect(card(page, 'Altitude')).not.toContainText('9')
  await expect(page.getByText('tea with Kim')).toBeHidden()
  await expect(rows(history).first()).toContainText('High, 8 to 10')
  await expect(history.getByText('Middle, from 200 ml to below 400 ml')).toBeVisible()
  await expect(history.getByText('tea with Kim')).toBeHidden()

  await share({ water: 'logged', altitude: 'none' })
  await expect(card(page, 'Altitude')).toBeHidden()
  await expect(water).toContainText('Logged')
  await expect(water).not.toContainText(/today|ml|%/)
  await expect(rows(history)).toHaveCount(1)
  await expect(rows(history)).toContainText('Logged')

  await share({ history: false })
  await expect(card(page, 'The day so far')).toBeHidden()
  await expect(page.getByRole('link', { name: 'History' })).toBeHidden()
  await expect(history.getByRole('heading', { name: 'Only how they are now' })).toBeVisible()

  await share({ water: 'none' })
  await expect(page.getByText('shows you neither water nor altitude')).toBeVisible()

  await share({ water: 'exact', altitude: 'exact', history: true })
  await expect(water).toContainText('250 ml of 2,000 ml today')
  await expect(rows(history)).toHaveCount(2)
})

test('a share that is narrowed while nobody looks is narrow when they look again', async ({
  page,
  admin,
  viewer,
  client,
}) => {
  await stopClock(page)
  await watch(page, viewer, `/people/${admin.username}`)
  await client.log({ metric: 'water', value: 250 })
  await expect(card(page, 'Water')).toContainText('250 ml of')
  await hide(page, true)
  await page.clock.runFor(16_000)
  await client.share(viewer, { water: 'none' })
  await hide(page, false)
  await expect(card(page, 'Water')).toBeHidden()
  await expect(page.getByText('250 ml')).toBeHidden()
  await expect(says(page, 'Live')).toBeVisible()
})

test('a share that ends while it is watched says so, and is back by itself', async ({
  page,
  admin,
  viewer,
  client,
  device,
}) => {
  await client.log({ metric: 'water', value: 250, at: ago(MINUTE) })
  const history = await watchWithHistory(page, device, viewer, admin)
  await client.send('DELETE', `/me/shares/${viewer.username}`)
  for (const window of [page, history]) {
    await expect(window.getByRole('heading', { name: 'No longer shared with you' })).toBeVisible()
    await expect(window.getByText('250 ml')).toBeHidden()
  }
  await page.getByRole('link', { name: 'Go to People' }).click()
  await expect(page.getByRole('heading', { name: 'People' })).toBeVisible()
  await expect(page.getByRole('link', { name: new RegExp(`^${admin.username}`) })).toBeHidden()

  await client.share(viewer)
  await expect(page.getByRole('link', { name: new RegExp(`^${admin.username}`) })).toBeVisible()
  await expect(rows(history)).toHaveCount(1)
})
