// The main job: water with one tap, mood with one movement, and every step can be undone.
import { card, enter, expect, pressLevels, stopClock, test, toast } from './support/test'

test('one tap logs a glass of water', async ({ page, admin, client }) => {
  await stopClock(page)
  await enter(page, admin)
  const water = card(page, 'Water')
  await expect(water).toContainText('Never')
  await water.getByRole('button', { name: 'Log 250 ml' }).click()
  await expect(water).toContainText('250 ml of 2,000 ml today')
  await expect(toast(page, '250 ml logged')).toBeVisible()
  await expect(water).not.toContainText('Never')
  await expect(card(page, 'The day so far').getByRole('listitem')).toContainText('250 ml')

  await page.reload()
  await expect(water).toContainText('250 ml of 2,000 ml today')
  await expect.poll(() => client.entries()).toMatchObject([{ metric: 'water', value: 250 }])
})

test('three quick taps are three glasses', async ({ page, admin, client }) => {
  await enter(page, admin)
  const cup = page.getByRole('button', { name: 'Log 150 ml' })
  await cup.click()
  await cup.click()
  await cup.click()
  await expect(card(page, 'Water')).toContainText('450 ml of 2,000 ml today')
  await expect.poll(async () => (await client.entries()).length).toBe(3)
})

test('any other amount, within what a person drinks', async ({ page, admin, client }) => {
  await enter(page, admin)
  await page.getByRole('button', { name: 'Other' }).click()
  const amount = page.getByLabel('Other amount (ml)')
  for (const wrong of ['0', '5001', '-1', 'much', '']) {
    await amount.fill(wrong)
    await page.getByRole('button', { name: 'Log', exact: true }).click()
    await expect(page.getByText('Type an amount of at most 5,000 ml.')).toBeVisible()
    await expect(amount).toHaveValue(wrong)
  }
  expect(await client.entries()).toEqual([])
  await amount.fill('330')
  await amount.press('Enter')
  await expect(card(page, 'Water')).toContainText('330 ml of 2,000 ml today')
  await expect.poll(() => client.entries()).toMatchObject([{ value: 330 }])
})

test('a mistake is no longer named once it is changed', async ({ page, admin }) => {
  await enter(page, admin)
  await page.getByRole('button', { name: 'Other' }).click()
  const amount = page.getByLabel('Other amount (ml)')
  const wrong = page.getByText('Type an amount of at most 5,000 ml.')
  await amount.fill('5001')
  await amount.press('Enter')
  await expect(wrong).toBeVisible()
  await amount.fill('333')
  await expect(page.getByText('= 333 ml')).toBeVisible()
  await expect(wrong).toBeHidden()
  await expect(amount).not.toHaveAttribute('aria-invalid')
  // The same once more is answered once more.
  await amount.fill('5001')
  await expect(wrong).toBeHidden()
  await amount.press('Enter')
  await expect(wrong).toBeVisible()
  await expect(amount).toHaveAttribute('aria-invalid', 'true')
})

test('one movement of the mouse logs the altitude', async ({ page, admin, client }) => {
  await stopClock(page)
  await enter(page, admin)
  const altitude = card(page, 'Altitude')
  await expect(altitude).toContainText('Not logged yet')
  // Nothing is to come that would move it.
  await expect(card(page, 'The day so far')).toContainText('Nothing logged today.')
  await expect(page.getByText('Live', { exact: true })).toBeVisible()
  const box = await altitude.getByRole('slider').boundingBox()
  if (box === null) throw new Error('no slider')
  const at = (level: number) => box.x + ((level - 0.5) / 10) * box.width
  await page.mouse.move(at(3), box.y + box.height / 2)
  await page.mouse.down()
  await page.mouse.move(at(8), box.y + box.height / 2, { steps: 5 })
  expect(await client.entries()).toEqual([])
  await page.mouse.up()
  await expect(toast(page, 'Altitude 8 · Bright logged')).toBeVisible()
  await expect(altitude).toContainText('8')
  await expect(altitude).toContainText('Bright')
  await expect.poll(() => client.entries()).toMatchObject([{ metric: 'altitude', value: 8 }])
})

test('the keys 1 to 9 log the altitude, and 0 is ten', async ({ page, admin, client }) => {
  await stopClock(page)
  await enter(page, admin)
  await pressLevels(page, '4')
  await expect(toast(page, 'Altitude 4 · Flat logged')).toBeVisible()
  await page.clock.runFor(1_000)
  await pressLevels(page, '0')
  await expect(toast(page, 'Altitude 10 · On top logged in place of 4')).toBeVisible()
  await expect.poll(async () => (await client.entries()).map(({ value }) => value)).toEqual([10])

  // The keys do not log while an amount is typed.
  await page.getByRole('button', { name: 'Other' }).click()
  await page.getByLabel('Other amount (ml)').pressSequentially('330')
  await page.getByLabel('Other amount (ml)').press('Enter')
  await expect.poll(async () => (await client.entries()).length).toBe(2)
  expect((await client.entries()).at(-1)).toMatchObject({ metric: 'water', value: 330 })
})

test('undo takes the last one back', async ({ page, admin, client }) => {
  await client.log({ metric: 'water', value: 500, at: new Date(Date.now() - 60_000).toISOString() })
  await stopClock(page)
  await enter(page, admin)
  const water = card(page, 'Water')
  await water.getByRole('button', { name: 'Log 250 ml' }).click()
  await expect(water).toContainText('750 ml of 2,000 ml today')
  await toast(page, '250 ml logged').getByRole('button', { name: 'Undo' }).click()
  await expect(water).toContainText('500 ml of 2,000 ml today')
  await expect.poll(async () => (await client.entries()).map(({ value }) => value)).toEqual([500])
  await page.reload()
  await expect(water).toContainText('500 ml of 2,000 ml today')
})

test('an entry that the server refuses is taken back, with a message', async ({
  page,
  admin,
  client,
}) => {
  await enter(page, admin)
  const water = card(page, 'Water')
  await expect(water).toContainText('Never')
  await page.route('**/api/v1/entries', async (route) => {
    await route.fulfill({
      status: 422,
      contentType: 'application/problem+json',
      body: JSON.stringify({
        type: 'about:blank',
        title: 'A field does not fit',
        status: 422,
        detail: 'Correct it and send it again.',
        code: 'invalid',
        request_id: 'f00',
        errors: [{ field: 'at', code: 'future', message: 'lies more than five minutes ahead' }],
      }),
    })
  })
  await water.getByRole('button', { name: 'Log 250 ml' }).click()
  await expect(water.getByRole('alert')).toBeVisible()
  await expect(water).toContainText('Never')
  expect(await client.entries()).toEqual([])
})

test('the cups and the goal are one’s own', async ({ page, admin }) => {
  await stopClock(page)
  await enter(page, admin, '/settings')
  await page.getByLabel('Daily goal (ml)').fill('1800')
  await page.getByLabel('Second', { exact: true }).fill('333')
  await page.getByRole('button', { name: 'Save changes' }).click()
  await expect(toast(page, 'Settings saved')).toBeVisible()
  await page.getByRole('link', { name: 'Today' }).click()
  await page.getByRole('button', { name: 'Log 333 ml' }).click()
  await expect(card(page, 'Water')).toContainText('333 ml of 1,800 ml today')
})

test('the dashboard costs at most three requests and a stream', async ({ page, admin, client }) => {
  await client.log({ metric: 'water', value: 500 })
  await client.log({ metric: 'altitude', value: 6 })
  const asked: string[] = []
  page.on('request', (request) => {
    const { pathname } = new URL(request.url())
    if (pathname.startsWith('/api/') && !pathname.endsWith('/events')) asked.push(pathname)
  })
  // Later requests, once everything is shown, are not counted.
  await stopClock(page)
  await enter(page, admin)
  await expect(card(page, 'The day so far').getByRole('listitem')).toHaveCount(2)
  await expect(page.getByText('Live', { exact: true })).toBeVisible()
  expect(asked.length, asked.join(' ')).toBeLessThanOrEqual(3)
})
