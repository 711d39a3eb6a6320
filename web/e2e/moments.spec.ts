// The moment that was meant: hours that a clock repeats, zones that differ, corrections within a minute.
import { card, Client, enter, expect, pressLevels, stopClock, test, toast } from './support/test'

test.describe('the moment that was meant', () => {
  test('the second half past two stays in the second hour', async ({ page, admin, client }) => {
    await client.send('PATCH', '/me', { time_zone: 'Europe/Berlin' })
    const second = '2026-10-25T01:30:00.000Z'
    await client.log({ metric: 'water', value: 250, at: second })
    await enter(page, admin, '/history')
    await page.getByRole('button', { name: /^Edit 250 ml/ }).click()
    const dialog = page.getByRole('dialog')
    await expect(dialog.getByRole('radio', { name: /^Second/ })).toBeChecked()
    await dialog.getByLabel('Time', { exact: true }).fill('2026-10-25T02:35')
    await dialog.getByRole('button', { name: 'Save' }).click()
    await expect(dialog).toBeHidden()
    await expect.poll(() => client.entries()).toMatchObject([{ at: '2026-10-25T01:35:00.000Z' }])

    await page.getByRole('button', { name: /^Edit 250 ml/ }).click()
    await dialog.getByLabel('Time', { exact: true }).fill('2026-03-29T02:30')
    await dialog.getByRole('button', { name: 'Save' }).click()
    await expect(dialog).toContainText('The clocks went forward then and skipped 02:30.')
  })

  test('Undo brings back the day as well, whatever the zone is by then', async ({
    page,
    admin,
    client,
  }) => {
    await client.send('PATCH', '/me', { time_zone: 'Pacific/Auckland' })
    const at = '2026-01-05T20:00:00.000Z'
    const { day } = await client.log({ metric: 'water', value: 250, at })
    expect(day).toBe('2026-01-06')
    await client.send('PATCH', '/me', { time_zone: 'America/Los_Angeles' })
    await stopClock(page)
    await enter(page, admin, '/history')
    await page.getByRole('button', { name: /^Edit 250 ml/ }).click()
    const dialog = page.getByRole('dialog')
    await dialog.getByLabel('Time', { exact: true }).fill('2026-01-05T11:00')
    await dialog.getByRole('button', { name: 'Save' }).click()
    await expect.poll(() => client.entries()).toMatchObject([{ day: '2026-01-05' }])
    await toast(page, '250 ml changed').getByRole('button', { name: 'Undo' }).click()
    await expect.poll(() => client.entries()).toMatchObject([{ at, day: '2026-01-06' }])
  })

  test('another altitude within a minute corrects the one before', async ({
    page,
    admin,
    client,
  }) => {
    await stopClock(page)
    await enter(page, admin)
    const values = async () => (await client.entries()).map(({ value }) => value)
    await pressLevels(page, '4', '7')
    await expect(toast(page, 'Altitude 7 · Good logged in place of 4')).toBeVisible()
    await expect.poll(values).toEqual([7])
    await toast(page, 'in place of 4').getByRole('button', { name: 'Undo' }).click()
    await expect.poll(values).toEqual([4])
  })

  test('a newcomer is in the zone of their device, and is told', async ({
    device,
    request,
    server,
  }) => {
    const password = 'Quiet-Harbour-71-lanterns'
    const admin = await server.createUser('newcomer', 'admin', password, null)
    const client = await Client.signIn(request, admin)
    const page = await device({ timezoneId: 'America/Los_Angeles' })
    await enter(page, admin)
    await expect(page.getByText('Your days are in Los Angeles time.')).toBeVisible()
    const zone = async () =>
      ((await (await client.send('GET', '/me')).json()) as { time_zone: string }).time_zone
    expect(await zone()).toBe('America/Los_Angeles')

    // In another place the zone is only offered.
    const away = await device({ timezoneId: 'Pacific/Kiritimati' })
    await enter(away, admin)
    const line = away.getByText('This device is in Kiritimati; your days are in Los Angeles time.')
    await expect(line).toBeVisible()
    expect(await zone()).toBe('America/Los_Angeles')
    await away.getByRole('button', { name: 'Keep Los Angeles' }).click()
    await expect(line).toBeHidden()
    await away.reload()
    await expect(card(away, 'Water')).toBeVisible()
    await expect(line).toBeHidden()
    const back = await device({ timezoneId: 'Asia/Tokyo' })
    await enter(back, admin)
    await back.getByRole('button', { name: 'Use Tokyo' }).click()
    await expect.poll(zone).toBe('Asia/Tokyo')
  })

  test('a person who has logged is asked, and another name for the same zone is none', async ({
    device,
    admin,
    client,
  }) => {
    await client.send('PATCH', '/me', { time_zone: 'UTC' })
    await client.log({ metric: 'water', value: 250 })
    const page = await device({ timezoneId: 'America/Los_Angeles' })
    await enter(page, admin)
    await expect(
      page.getByText('This device is in Los Angeles; your days are in UTC.'),
    ).toBeVisible()
    await client.send('PATCH', '/me', { time_zone: 'Asia/Kolkata' })
    const kolkata = await device({ timezoneId: 'Asia/Calcutta' })
    await enter(kolkata, admin)
    await expect(card(kolkata, 'Water')).toContainText('250 ml')
    await expect(kolkata.getByText('This device is in')).toBeHidden()
  })

  test('a place is called what it is called today, whatever the browser calls it', async ({
    device,
    admin,
    client,
  }) => {
    await client.send('PATCH', '/me', { time_zone: 'America/New_York' })
    await client.log({ metric: 'water', value: 250 })
    const page = await device({ timezoneId: 'Asia/Calcutta' })
    await enter(page, admin)
    await expect(
      page.getByText('This device is in Kolkata; your days are in New York time.'),
    ).toBeVisible()
    await page.goto('/settings')
    const zone = page.getByLabel('Time zone')
    for (const place of ['Asia/Kolkata', 'Asia/Ho Chi Minh', 'Europe/Kyiv', 'America/Nuuk'])
      await zone.selectOption({ label: place })
    for (const before of ['Asia/Calcutta', 'Asia/Saigon', 'Europe/Kiev', 'America/Godthab'])
      await expect(zone.getByRole('option', { name: before, exact: true })).toHaveCount(0)
  })
})
