// Versions of an entry, all entries as they were at a moment, and the days they count for.
import { card, enter, expect, stopClock, test, toast } from './support/test'

const MINUTE = 60_000
const ago = (ms: number) => new Date(Date.now() - ms).toISOString()

test('an entry tells what it was, and becomes it again', async ({ page, admin, client }) => {
  const { id } = await client.log({ metric: 'water', value: 250, at: ago(MINUTE), note: 'tea' })
  await client.send('PATCH', `/entries/${id}`, { value: 400 })
  await client.send('PATCH', `/entries/${id}`, { note: 'cold tea' })
  await stopClock(page)
  await enter(page, admin, '/history')
  await page.getByRole('button', { name: /^Edit 400 ml/ }).click()
  const dialog = page.getByRole('dialog', { name: 'Edit entry' })
  await dialog.getByText('Earlier versions').click()
  const versions = dialog.getByRole('listitem')
  await expect(versions).toHaveCount(2)
  await expect(versions.nth(0)).toContainText('when you changed the note')
  await expect(versions.nth(1)).toContainText('250 ml')
  await expect(versions.nth(1)).toContainText('when you changed the amount')
  await versions.nth(1).getByRole('button', { name: 'Put back' }).click()
  await expect(dialog).toBeHidden()
  await expect(page.getByRole('main')).toContainText('250 ml')
  await expect.poll(() => client.entries()).toMatchObject([{ value: 250, note: 'tea' }])

  await toast(page, '250 ml put back').getByRole('button', { name: 'Undo' }).click()
  await expect.poll(() => client.entries()).toMatchObject([{ value: 400, note: 'cold tea' }])
  await expect(page.getByRole('main')).toContainText('400 ml')
})

test('an entry that was never changed says so', async ({ page, admin, client }) => {
  await client.log({ metric: 'altitude', value: 7 })
  await enter(page, admin, '/history')
  await page.getByRole('button', { name: /^Edit 7/ }).click()
  await page.getByText('Earlier versions').click()
  await expect(page.getByText('this entry was never changed')).toBeVisible()
})

test('the undo of a change leaves the day alone that was fixed when it was written', async ({
  page,
  admin,
  client,
}) => {
  await client.send('PATCH', '/me', { time_zone: 'Pacific/Kiritimati' })
  const { day } = await client.log({ metric: 'water', value: 250, at: ago(MINUTE) })
  await client.send('PATCH', '/me', { time_zone: 'Pacific/Pago_Pago' })
  await stopClock(page)
  await enter(page, admin, '/history')
  await page.getByRole('button', { name: /^Edit 250 ml/ }).click()
  await page.getByRole('dialog').getByLabel('Note').fill('tea')
  await page.getByRole('button', { name: 'Save' }).click()
  await toast(page, '250 ml changed').getByRole('button', { name: 'Undo' }).click()
  await expect.poll(() => client.entries()).toMatchObject([{ note: null, day }])
})

test('a deleted entry is found again, brought back, and can be deleted again', async ({
  page,
  admin,
  client,
}) => {
  for (const value of [250, 400]) {
    const { id } = await client.log({ metric: 'water', value, at: ago(MINUTE), note: 'tea' })
    await client.send('DELETE', `/entries/${id}`)
  }
  await stopClock(page)
  await enter(page, admin, '/history')
  await page.getByRole('link', { name: 'Deleted entries' }).click()
  const rows = page.getByRole('main').getByRole('listitem')
  await expect(rows).toHaveCount(2)
  await expect(rows.nth(0)).toContainText('400 ml')
  await rows.nth(0).getByRole('button', { name: 'Restore 400 ml' }).click()
  await expect(rows).toHaveCount(1)
  await expect(page.getByRole('button', { name: 'Restore 250 ml' })).toBeFocused()
  await expect.poll(() => client.entries()).toMatchObject([{ value: 400, note: 'tea' }])

  await toast(page, '400 ml restored').getByRole('button', { name: 'Undo' }).click()
  await expect(rows).toHaveCount(2)
  await expect.poll(() => client.entries()).toEqual([])
  await page.reload()
  await expect(rows).toHaveCount(2)
  await expect(rows.nth(0)).toContainText('400 ml')
})

test('the way to the deleted entries does not move when the page becomes live', async ({
  page,
  admin,
}) => {
  let open: () => void = () => undefined
  const opened = new Promise<void>((resolve) => (open = resolve))
  await page.route('**/events', async (route) => {
    await opened
    await route.continue()
  })
  // The page waits for its stream for as long as it takes.
  await stopClock(page)
  await enter(page, admin, '/history')
  const link = page.getByRole('link', { name: 'Deleted entries' })
  await expect(page.getByText('Nothing here yet')).toBeVisible()
  const before = await link.boundingBox()
  open()
  await expect(page.getByText('Live', { exact: true })).toBeVisible()
  expect(await link.boundingBox()).toEqual(before)
})

test('the deleted entries follow what is done elsewhere', async ({ page, admin, client }) => {
  const { id } = await client.log({ metric: 'water', value: 250 })
  await enter(page, admin, '/history/deleted')
  await expect(page.getByText('Nothing is deleted.')).toBeVisible()
  await client.send('DELETE', `/entries/${id}`)
  await expect(page.getByRole('button', { name: 'Restore 250 ml' })).toBeVisible()
  await client.send('POST', `/entries/${id}/restore`)
  await expect(page.getByText('Nothing is deleted.')).toBeVisible()
})

test('all entries go back to a moment, shown first, and it can be undone', async ({
  page,
  admin,
  client,
}) => {
  const kept = await client.log({ metric: 'altitude', value: 5, at: ago(3 * MINUTE) })
  const entries = async () => (await client.entries()).map(({ value }) => value)
  await enter(page, admin, '/settings')
  const rewind = card(page, 'Put my entries back')
  await rewind.getByRole('button', { name: 'Show what would change' }).click()
  await expect(rewind.getByLabel('The moment')).toHaveAttribute('aria-invalid', 'true')

  // There were no entries a year ago.
  await rewind.getByLabel('The moment').fill('2026-01-01T00:00')
  await rewind.getByRole('button', { name: 'Show what would change' }).click()
  await expect(rewind).toContainText('1 entry goes.')
  await expect(rewind.getByRole('listitem')).toContainText('5 · So-so')
  expect(await entries()).toEqual([5])

  // An entry that comes in meanwhile is not lost: a new preview shows it before anything is done.
  await client.log({ metric: 'water', value: 330 })
  await rewind.getByRole('button', { name: 'Put 1 entry back' }).click()
  await expect(rewind).toContainText('Your entries changed meanwhile, so nothing was done.')
  await expect(rewind).toContainText('2 entries go.')
  expect(await entries()).toEqual([5, 330])

  await rewind.getByRole('button', { name: 'Put 2 entries back' }).click()
  await expect(rewind).toContainText('Done. 2 entries went.')
  expect(await entries()).toEqual([])
  await rewind.getByRole('button', { name: 'Undo' }).click()
  await expect(rewind).toContainText('Undone. 2 entries came back.')
  expect(await client.entries()).toMatchObject([{ id: kept.id, value: 5 }, { value: 330 }])
})

test('days are recomputed after a change of zone, shown first', async ({ page, admin, client }) => {
  // Noon in the east is still the day before in the west.
  await client.send('PATCH', '/me', { time_zone: 'Pacific/Kiritimati' })
  const yesterday = new Date(Date.now() - 86_400_000).toISOString().slice(0, 10)
  const { id, day } = await client.log({
    metric: 'water',
    value: 500,
    at: `${yesterday}T01:00:00.000Z`,
  })
  expect(day).toBe(yesterday)
  await enter(page, admin, '/settings')
  const days = card(page, 'Days')
  await days.getByRole('button', { name: 'Show what would move' }).click()
  await expect(days).toContainText('No entry moves')
  await page.getByLabel('Time zone').selectOption('Pacific/Honolulu')
  await page.getByRole('button', { name: 'Save changes' }).click()
  await expect(days).toContainText('1 entry moves to another day.')
  await expect(days.getByRole('table').getByRole('row')).toHaveCount(3)
  await expect(days.getByRole('table')).toContainText('500 ml')
  expect((await client.entries())[0]?.day).toBe(yesterday)

  await days.getByRole('button', { name: 'Move 1 entry' }).click()
  await expect(days).toContainText('Done. 1 entry moved to another day.')
  expect((await client.entries())[0]?.day).not.toBe(yesterday)
  await days.getByRole('button', { name: 'Undo' }).click()
  await expect(days).toContainText('Undone.')
  expect(await client.entries()).toMatchObject([{ id, day: yesterday }])
})

test('the undo of many takes nothing with it that was logged since, unless that was seen', async ({
  page,
  admin,
  client,
}) => {
  await client.send('PATCH', '/me', { time_zone: 'Pacific/Kiritimati' })
  const yesterday = new Date(Date.now() - 86_400_000).toISOString().slice(0, 10)
  const { id, day } = await client.log({
    metric: 'water',
    value: 500,
    at: `${yesterday}T01:00:00.000Z`,
  })
  await client.send('PATCH', '/me', { time_zone: 'Pacific/Honolulu' })
  await enter(page, admin, '/settings')
  const days = card(page, 'Days')
  await days.getByRole('button', { name: 'Show what would move' }).click()
  await days.getByRole('button', { name: 'Move 1 entry' }).click()
  await expect(days).toContainText('Undo takes it back.')
  const undo = days.getByRole('button', { name: 'Undo', exact: true })
  await expect(undo).toBeEnabled()

  // Meanwhile the phone logs something.
  for (const value of [210, 220, 230]) await client.log({ metric: 'water', value })
  await undo.click()
  await expect(days).toContainText('Your entries changed meanwhile, so nothing was done.')
  await expect(days).toContainText('3 entries go and 1 entry is changed back.')
  await expect(days.getByRole('listitem')).toHaveCount(4)
  expect(await client.entries()).toHaveLength(4)
  await days.getByRole('button', { name: 'Cancel' }).click()
  await undo.click()
  expect(await client.entries()).toHaveLength(4)

  // The new preview has been seen, and is applied all the same.
  await days.getByRole('button', { name: 'Put 4 entries back' }).click()
  await expect(days).toContainText('Undone. 3 entries went and 1 entry was changed back.')
  expect(await client.entries()).toMatchObject([{ id, day }])
})

test('from which hours on the status is old is chosen', async ({ page, admin, client }) => {
  await stopClock(page)
  await enter(page, admin, '/settings')
  const old = card(page, 'How old is old')
  await old.getByLabel('Getting old after (hours)').fill('30')
  await page.getByRole('button', { name: 'Save changes' }).click()
  await expect(old.getByLabel('Out of date after (hours)')).toHaveAttribute('aria-invalid', 'true')
  await old.getByLabel('Out of date after (hours)').fill('48')
  await page.getByRole('button', { name: 'Save changes' }).click()
  await expect(toast(page, 'Settings saved')).toBeVisible()
  const me = await client.send('GET', '/me')
  expect(await me.json()).toMatchObject({ ageing_after_hours: 30, stale_after_hours: 48 })
})

test('the moment to go back to is kept with its zone, and with which of two it is', async ({
  page,
  admin,
  client,
}) => {
  await client.send('PATCH', '/me', { time_zone: 'Europe/Berlin' })
  await enter(page, admin, '/settings')
  const moment = card(page, 'Put my entries back').getByLabel('The moment')
  const second = card(page, 'Put my entries back').getByRole('radio', { name: /^Second/ })
  // The clock shows 02:30 twice in that night.
  await moment.fill('2026-10-25T02:30')
  await second.check()
  await page.reload()
  await expect(moment).toHaveValue('2026-10-25T02:30')
  await expect(second).toBeChecked()
  await client.send('PATCH', '/me', { time_zone: 'Asia/Tokyo' })
  await page.reload()
  await expect(moment).toHaveValue('2026-10-25T10:30')
  await expect(second).toBeHidden()
  await client.send('PATCH', '/me', { time_zone: 'Europe/Berlin' })
  await page.reload()
  await expect(moment).toHaveValue('2026-10-25T02:30')
  await expect(second).toBeChecked()
})
