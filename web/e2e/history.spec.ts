// Past entries: found, corrected, moved, deleted, restored.
import {
  card,
  enter,
  expect,
  type NewEntry,
  type Page,
  rest,
  stopClock,
  test,
  toast,
} from './support/test'

const MINUTE = 60_000
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR

const ago = (ms: number) => new Date(Date.now() - ms).toISOString()
const rows = (page: Page) =>
  page
    .getByRole('main')
    .getByRole('listitem')
    .filter({ has: page.locator('time') })

test('an entry is edited, and the change can be taken back', async ({ page, admin, client }) => {
  await client.log({ metric: 'water', value: 250, at: ago(5 * MINUTE), note: 'tea' })
  await stopClock(page)
  await enter(page, admin, '/history')
  await page.getByRole('button', { name: /^Edit 250 ml/ }).click()
  const dialog = page.getByRole('dialog', { name: 'Edit entry' })
  await dialog.getByLabel('Amount (ml)').fill('400')
  await dialog.getByLabel('Note').fill('two cups of tea')
  await dialog.getByRole('button', { name: 'Save' }).click()
  await expect(dialog).toBeHidden()
  await expect(rows(page)).toContainText('400 ml')
  await expect(rows(page)).toContainText('two cups of tea')
  await expect.poll(() => client.entries()).toMatchObject([{ value: 400, note: 'two cups of tea' }])

  await toast(page, '400 ml changed').getByRole('button', { name: 'Undo' }).click()
  await expect(rows(page)).toContainText('250 ml')
  await expect
    .poll(async () => (await client.entries()).map(({ value, note }) => [value, note]))
    .toEqual([[250, 'tea']])
})

test('an entry is added where it belongs, days ago', async ({ page, admin, client }) => {
  await client.log({ metric: 'water', value: 250, at: ago(MINUTE) })
  await client.log({ metric: 'water', value: 350, at: ago(5 * DAY) })
  await enter(page, admin, '/history')
  await page.getByRole('button', { name: 'Add an entry' }).click()
  const dialog = page.getByRole('dialog', { name: 'Add an entry' })
  await dialog.getByRole('radio', { name: 'Altitude' }).check()
  await dialog.getByLabel('Level').selectOption('3')
  const then = ago(2 * DAY)
  await dialog.getByLabel('Time').fill(then.slice(0, 16))
  await dialog.getByRole('button', { name: 'Save' }).click()
  await expect(dialog).toBeHidden()
  await expect(rows(page)).toHaveCount(3)
  await expect(rows(page).nth(1)).toContainText('3 · Down')
  await expect
    .poll(() => client.entries())
    .toMatchObject([
      { value: 350 },
      { metric: 'altitude', value: 3, day: then.slice(0, 10) },
      { value: 250 },
    ])
  await page.reload()
  await expect(rows(page).nth(1)).toContainText('3 · Down')
})

test('an entry is moved to another day', async ({ page, admin, client }) => {
  await client.log({ metric: 'water', value: 250, at: ago(MINUTE) })
  await enter(page, admin, '/history')
  await page.getByRole('button', { name: /^Edit 250 ml/ }).click()
  const then = ago(3 * DAY)
  await page.getByRole('dialog').getByLabel('Time').fill(then.slice(0, 16))
  await page.getByRole('dialog').getByRole('button', { name: 'Save' }).click()
  await expect(page.getByRole('dialog')).toBeHidden()
  await expect.poll(() => client.entries()).toMatchObject([{ value: 250, day: then.slice(0, 10) }])
  await expect(
    page.getByRole('main').locator(`time[datetime="${then.slice(0, 10)}"]`),
  ).toBeVisible()
})

test('after midnight an entry is under the evening before, and says that it was night', async ({
  page,
  admin,
  client,
}) => {
  await client.send('PATCH', '/me', { time_zone: 'UTC', day_starts_at: 4 })
  const { day } = await client.log({
    metric: 'water',
    value: 250,
    at: '2026-01-06T02:00:00.000Z',
  })
  expect(day).toBe('2026-01-05')
  await client.log({ metric: 'water', value: 330, at: '2026-01-05T21:00:00.000Z' })
  await enter(page, admin, '/history')
  const monday = page.getByRole('region', { name: 'Monday 5 January' })
  await expect(monday.getByRole('button', { name: 'Edit 250 ml at Tue 02:00' })).toBeVisible()
  await expect(monday.getByRole('button', { name: 'Edit 330 ml at 21:00' })).toBeVisible()
})

test('a time in the future is refused, and what was typed is kept', async ({
  page,
  admin,
  client,
}) => {
  await enter(page, admin, '/history')
  await page.getByRole('button', { name: 'Add an entry' }).click()
  const dialog = page.getByRole('dialog')
  await dialog.getByLabel('Amount (ml)').fill('300')
  await dialog.getByLabel('Note').fill('not yet')
  await dialog.getByLabel('Time').fill(ago(-2 * DAY).slice(0, 16))
  await dialog.getByRole('button', { name: 'Save' }).click()
  await expect(dialog.getByLabel('Time')).toHaveAttribute('aria-invalid', 'true')
  await expect(dialog.getByLabel('Note')).toHaveValue('not yet')
  expect(await client.entries()).toEqual([])

  // A reload in the middle of writing brings the draft back.
  await page.reload()
  await expect(dialog.getByLabel('Note')).toHaveValue('not yet')
  await expect(dialog.getByLabel('Amount (ml)')).toHaveValue('300')
})

test('an entry is deleted and brought back', async ({ page, admin, client }) => {
  await client.log({ metric: 'altitude', value: 7, at: ago(MINUTE), note: 'by the river' })
  await client.log({ metric: 'water', value: 200, at: ago(2 * MINUTE) })
  await stopClock(page)
  await enter(page, admin, '/history')
  await page.getByRole('button', { name: /^Delete 7 · Good/ }).click()
  await expect(rows(page)).toHaveCount(1)
  await expect.poll(async () => (await client.entries()).length).toBe(1)
  await toast(page, '7 · Good deleted').getByRole('button', { name: 'Undo' }).click()
  await expect(rows(page)).toHaveCount(2)
  await expect(rows(page).first()).toContainText('by the river')
  await expect.poll(async () => (await client.entries()).length).toBe(2)
})

test('the filter shows one metric and is part of the address', async ({ page, admin, client }) => {
  await client.log({ metric: 'altitude', value: 7, at: ago(MINUTE) })
  await client.log({ metric: 'water', value: 200, at: ago(2 * MINUTE) })
  await enter(page, admin, '/history')
  await expect(rows(page)).toHaveCount(2)
  await page.getByRole('radio', { name: 'Altitude' }).check()
  await expect(page).toHaveURL('/history?metric=altitude')
  await expect(rows(page)).toHaveCount(1)
  await expect(rows(page)).toContainText('7 · Good')
  await page.reload()
  await expect(rows(page)).toHaveCount(1)
  await page.goBack()
  await expect(page).toHaveURL('/history')
  await expect(rows(page)).toHaveCount(2)
})

test('scrolling leads to the oldest entry, through several pages, none missing or twice', async ({
  page,
  admin,
  client,
}) => {
  const entries: NewEntry[] = Array.from({ length: 330 }, (_, index) => ({
    metric: index % 3 === 0 ? 'altitude' : 'water',
    value: index % 3 === 0 ? 1 + (index % 10) : 100 + index,
    // Several share an instant: their order must hold across pages, too.
    at: ago(HOUR + Math.floor(index / 4) * 5 * HOUR),
    note: `number ${index}`,
  }))
  await client.logAll(entries)
  const pages: string[] = []
  page.on('response', (response) => {
    if (response.url().includes('/entries?')) pages.push(response.url())
  })
  await enter(page, admin, '/history')
  await expect(rows(page).first()).toBeVisible()
  await expect(async () => {
    await page.mouse.wheel(0, 20_000)
    await expect(page.getByText('That is everything.')).toBeVisible({ timeout: 200 })
  }).toPass()
  await expect(rows(page)).toHaveCount(entries.length)
  await expect(page.getByText('number 329', { exact: true })).toBeVisible()
  const notes = await page.getByText(/^number \d+$/).allTextContents()
  expect(new Set(notes).size).toBe(entries.length)
  expect(pages.length).toBe(4)
  expect(new Set(pages).size).toBe(4)
})

test('older entries that do not come are asked for again by themselves, and never beside Live', async ({
  page,
  admin,
  client,
}) => {
  const entries = Array.from({ length: 120 }, (_, index) => ({
    metric: 'water' as const,
    value: 100 + index,
    at: ago(HOUR + index * HOUR),
  }))
  await client.logAll(entries)
  await stopClock(page)
  const older = /\/entries\?.*cursor=/
  await page.route(older, (route) => route.abort())
  await enter(page, admin, '/history')
  await expect(rows(page).first()).toBeVisible()
  await page.getByRole('button', { name: 'Load older' }).scrollIntoViewIfNeeded()
  await expect(page.getByRole('alert')).toContainText('Older entries could not be loaded')
  await client.log({ metric: 'altitude', value: 8 })
  // News arrives by the stream, and the page still does not say that all is well.
  await expect(rows(page).first()).toContainText('Bright')
  await expect(page.getByText('Reconnecting')).toBeVisible()
  await expect(page.getByText('Live', { exact: true })).toHaveCount(0)
  await page.unroute(older)
  await page.clock.runFor(31_000)
  await expect(page.getByText('That is everything.')).toBeVisible()
  await expect(page.getByText('Live', { exact: true })).toBeVisible()
  await expect(rows(page)).toHaveCount(121)
})

test('a history that has not changed is shown again, however long ago it was loaded', async ({
  page,
  admin,
  client,
}) => {
  await client.logAll([{ metric: 'water', value: 250, at: ago(HOUR) }])
  await stopClock(page)
  await enter(page, admin, '/history')
  await expect(rows(page)).toHaveCount(1)
  const pages = page.getByRole('navigation', { name: 'Pages' })
  await pages.getByRole('link', { name: 'Today' }).click()
  await expect(card(page, 'The day so far').getByRole('listitem')).toHaveCount(1)
  await rest(page)
  // Longer than a request may take, and not as long as the stream may be silent.
  await page.clock.runFor(36_000)
  const asked = page.waitForResponse((answer) => answer.url().includes('/entries?'))
  await pages.getByRole('link', { name: 'History' }).click()
  expect((await asked).status()).toBe(304)
  await expect(rows(page)).toHaveCount(1)
  await expect(page.getByText('Live', { exact: true })).toBeVisible()
})

test('an empty history says what to do', async ({ page, admin }) => {
  await enter(page, admin, '/history')
  await expect(page.getByText('Nothing has been logged.')).toBeVisible()
})
