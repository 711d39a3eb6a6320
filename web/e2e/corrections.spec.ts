// Altitudes that are corrected while the answers get lost: the level before stands until the correction is made.
import { card, enter, expect, type Page, pressLevels, stopClock, test, toast } from './support/test'

const ONE = '**/api/v1/entries/*'
const values = (entries: { value: number }[]) => entries.map(({ value }) => value)

/** Logs 5, whose answer comes, and then taps 8, whose answer does not. */
async function correct(page: Page, arrives: boolean): Promise<void> {
  await pressLevels(page, '5')
  await expect(toast(page, 'Altitude 5 · So-so logged')).toBeVisible()
  await page.route(ONE, async (route) => {
    if (arrives) await route.fetch()
    await route.abort()
  })
  await pressLevels(page, '8')
  await expect(card(page, 'Not changed yet')).toContainText('Change to')
  await expect(card(page, 'Altitude')).toContainText('Bright')
}

for (const arrives of [true, false]) {
  const how = arrives ? 'arrived' : 'never arrived'

  test(`a correction that ${how} is discarded, and what it corrects stands`, async ({
    page,
    admin,
    client,
  }) => {
    await stopClock(page)
    await enter(page, admin)
    await correct(page, arrives)
    await page.unroute(ONE)
    const waiting = card(page, 'Not changed yet')
    await waiting.getByRole('button', { name: 'Discard 8' }).click()
    await expect(waiting).toBeHidden()
    await expect(card(page, 'Altitude')).toContainText('So-so')
    // The page shows a press before the server has done it.
    await expect.poll(async () => values(await client.entries())).toEqual([5])
  })

  test(`a correction that ${how} is made after a reload, and can be undone`, async ({
    page,
    admin,
    client,
  }) => {
    await stopClock(page)
    await enter(page, admin)
    await correct(page, arrives)
    await page.unroute(ONE)
    await page.reload()
    const said = toast(page, 'Altitude 8 · Bright logged in place of 5')
    await expect(said).toBeVisible()
    expect(values(await client.entries())).toEqual([8])
    await said.getByRole('button', { name: 'Undo' }).click()
    await expect(card(page, 'Altitude')).toContainText('So-so')
    await expect.poll(async () => values(await client.entries())).toEqual([5])
  })
}

test('a correction that is refused leaves what it corrects, and says so', async ({
  page,
  admin,
  client,
}) => {
  await stopClock(page)
  await enter(page, admin)
  await correct(page, false)
  await page.unroute(ONE)
  await page.route(ONE, (route) => route.continue({ postData: { value: 99 } }))
  await card(page, 'Not changed yet').getByRole('button', { name: 'Retry now' }).click()
  const refused = card(page, 'Not accepted')
  await expect(refused).toContainText('Change to')
  expect(values(await client.entries())).toEqual([5])
  await page.unroute(ONE)
  await refused.getByRole('button', { name: 'Discard 8' }).click()
  await expect(refused).toBeHidden()
  expect(values(await client.entries())).toEqual([5])
})
