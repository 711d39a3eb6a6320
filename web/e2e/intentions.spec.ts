// One intention is carried out once, however often it is pressed and whatever happens to its form meanwhile.
import { card, enter, expect, type Page, stopClock, test, toast } from './support/test'

/**
 * Holds back the answers to requests that write there, until the returned function is called. A page whose clock runs gives
 * up after half a minute.
 */
async function slow(page: Page, path: string): Promise<() => void> {
  let go = (): void => undefined
  const gate = new Promise<void>((resolve) => (go = resolve))
  await page.route(`**/api/v1${path}`, async (route) => {
    if (route.request().method() === 'GET') return route.fallback()
    const response = await route.fetch()
    await gate
    await route.fulfill({ response })
  })
  return go
}

/** Resolves once a POST request is on its way there. */
async function sent(page: Page, path: string): Promise<void> {
  await page.waitForRequest(
    (request) => request.method() === 'POST' && request.url().endsWith(path),
  )
}

test.describe('one intention is one', () => {
  test('Enter twice in the field of another amount', async ({ page, admin, client }) => {
    await stopClock(page)
    await enter(page, admin)
    await page.getByRole('button', { name: 'Other' }).click()
    const answer = await slow(page, '/entries')
    const field = page.getByLabel('Other amount (ml)')
    await field.fill('333')
    await field.press('Enter')
    await field.press('Enter')
    await page.getByRole('button', { name: 'Log', exact: true }).dblclick({ force: true })
    answer()
    await expect(field).toBeHidden()
    await expect(card(page, 'Water')).toContainText('333 ml of 2,000 ml today')
    expect(await client.entries()).toHaveLength(1)
  })

  test('a double click on Save in a dialog', async ({ page, admin, client }) => {
    await stopClock(page)
    await enter(page, admin, '/history')
    await page.getByRole('button', { name: 'Add an entry' }).click()
    const answer = await slow(page, '/entries')
    const dialog = page.getByRole('dialog')
    await dialog.getByLabel('Amount (ml)').fill('444')
    await dialog.getByRole('button', { name: 'Save' }).dblclick()
    await dialog.getByLabel('Amount (ml)').press('Enter')
    answer()
    await expect(dialog).toBeHidden()
    expect(await client.entries()).toHaveLength(1)
  })

  test('an entry whose dialog is closed while it is on its way', async ({
    page,
    admin,
    client,
  }) => {
    await stopClock(page)
    await enter(page, admin, '/history')
    const answer = await slow(page, '/entries')
    const dialog = page.getByRole('dialog')
    const amount = dialog.getByLabel('Amount (ml)')
    await page.getByRole('button', { name: 'Add an entry' }).click()
    await amount.fill('444')
    const first = sent(page, '/entries')
    await dialog.getByRole('button', { name: 'Save' }).click()
    await first
    await page.keyboard.press('Escape')
    await expect(dialog).toBeHidden()

    // The next is another, and the late answer leaves it alone.
    await page.getByRole('button', { name: 'Add an entry' }).click()
    await expect(amount).toHaveValue('')
    await amount.fill('555')
    answer()
    await expect(page.getByRole('main')).toContainText('444')
    await expect(amount).toHaveValue('555')
    await dialog.getByRole('button', { name: 'Save' }).click()
    await expect(dialog).toBeHidden()
    const values = async () => (await client.entries()).map(({ value }) => value)
    await expect.poll(values).toEqual(expect.arrayContaining([444, 555]))
    expect(await values()).toHaveLength(2)
  })

  test('an entry that is typed on while it is on its way is one, and has all of it', async ({
    page,
    admin,
    client,
  }) => {
    await stopClock(page)
    await enter(page, admin, '/history')
    const answer = await slow(page, '/entries')
    const dialog = page.getByRole('dialog')
    await page.getByRole('button', { name: 'Add an entry' }).click()
    await dialog.getByLabel('Amount (ml)').fill('444')
    await dialog.getByLabel('Note').fill('with ic')
    const first = sent(page, '/entries')
    await dialog.getByRole('button', { name: 'Save' }).click()
    await first
    await dialog.getByLabel('Note').press('End')
    await dialog.getByLabel('Note').press('e')
    await page.keyboard.press('Escape')
    await toast(page, 'What you typed is kept.').getByRole('button', { name: 'Go on' }).click()
    await expect(dialog.getByLabel('Note')).toHaveValue('with ice')
    answer()
    await expect(toast(page, '444 ml logged')).toBeVisible()
    await expect(dialog.getByLabel('Note')).toHaveValue('with ice')
    await dialog.getByRole('button', { name: 'Save' }).click()
    await expect(dialog).toBeHidden()
    await expect.poll(() => client.entries()).toMatchObject([{ value: 444, note: 'with ice' }])
    await page.getByRole('button', { name: 'Add an entry' }).click()
    await expect(dialog.getByLabel('Note')).toHaveValue('')
  })

  test('a change that is typed on while it is on its way keeps the rest', async ({
    page,
    admin,
    client,
  }) => {
    await stopClock(page)
    await client.log({ metric: 'water', value: 250, note: 'tea' })
    await enter(page, admin, '/history')
    let answer = (): void => undefined
    const gate = new Promise<void>((resolve) => (answer = resolve))
    await page.route('**/api/v1/entries/*', async (route) => {
      const response = await route.fetch()
      await gate
      await route.fulfill({ response })
    })
    const dialog = page.getByRole('dialog')
    const note = dialog.getByLabel('Note')
    await page.getByRole('button', { name: /^Edit 250 ml/ }).click()
    await note.fill('green te')
    const patch = page.waitForRequest((request) => request.method() === 'PATCH')
    await dialog.getByRole('button', { name: 'Save' }).click()
    await patch
    await note.fill('green tea')
    await page.keyboard.press('Escape')
    const kept = toast(page, 'What you typed is kept.').getByRole('button', { name: 'Go on' })
    await expect(kept).toBeVisible()
    answer()
    await expect(toast(page, '250 ml changed')).toBeVisible()
    await page.getByRole('button', { name: /^Edit 250 ml/ }).click()
    await expect(note).toHaveValue('green tea')
    await dialog.getByRole('button', { name: 'Save' }).click()
    await expect(dialog).toBeHidden()
    await expect.poll(() => client.entries()).toMatchObject([{ value: 250, note: 'green tea' }])
  })

  test('settings that are typed on while they are saved keep the rest', async ({
    page,
    admin,
    client,
  }) => {
    await stopClock(page)
    await enter(page, admin, '/settings')
    const answer = await slow(page, '/me')
    const unsaved = page.getByRole('status').filter({ hasText: 'Not saved' })
    await page.getByLabel(/^Daily goal/).fill('1800')
    const patch = page.waitForRequest((request) => request.method() === 'PATCH')
    await page.getByRole('button', { name: 'Save changes' }).click()
    await patch
    await page.getByLabel('Display name').fill('Robin of the hills')
    answer()
    await expect(toast(page, 'Settings saved')).toBeVisible()
    await expect(unsaved).toHaveText('Not saved: display name')
    await page.reload()
    await expect(page.getByLabel('Display name')).toHaveValue('Robin of the hills')
    await page.getByRole('button', { name: 'Save changes' }).click()
    await expect(toast(page, 'Settings saved')).toBeVisible()
    await expect(unsaved).toBeHidden()
    const me: unknown = await (await client.send('GET', '/me')).json()
    expect(me).toMatchObject({ daily_goal_ml: 1800, display_name: 'Robin of the hills' })
  })

  test('another amount whose page is left while it is on its way', async ({
    page,
    admin,
    client,
  }) => {
    await stopClock(page)
    await enter(page, admin)
    const answer = await slow(page, '/entries')
    await page.getByRole('button', { name: 'Other' }).click()
    const field = page.getByLabel('Other amount (ml)')
    await field.fill('333')
    const first = sent(page, '/entries')
    await field.press('Enter')
    await first
    await page.getByRole('navigation').getByRole('link', { name: 'History' }).click()
    await expect(page.getByRole('button', { name: 'Add an entry' })).toBeVisible()
    await page.getByRole('navigation').getByRole('link', { name: 'Today' }).click()
    await expect(page.getByRole('button', { name: 'Other' })).toBeVisible()
    await expect(field).toBeHidden()
    answer()
    await expect(card(page, 'Water')).toContainText('333 ml of 2,000 ml today')
    await expect.poll(async () => (await client.entries()).length).toBe(1)
  })

  test('a token whose dialog is closed while it is on its way', async ({ page, admin, client }) => {
    await stopClock(page)
    await enter(page, admin, '/settings')
    const answer = await slow(page, '/me/tokens')
    await page.getByRole('button', { name: 'Create a token' }).click()
    const dialog = page.getByRole('dialog')
    await dialog.getByLabel('Name').fill('porch')
    const first = sent(page, '/me/tokens')
    await dialog.getByRole('button', { name: 'Create token' }).click()
    await first
    await page.keyboard.press('Escape')
    await toast(page, 'What you typed is kept.').getByRole('button', { name: 'Go on' }).click()
    await expect(dialog.getByLabel('Name')).toHaveValue('porch')
    answer()
    await expect(page.getByRole('main')).toContainText('porch')
    await dialog.getByRole('button', { name: 'Create token' }).click()
    await expect(dialog.getByLabel('Token', { exact: true })).toHaveValue(/^st_/)
    const tokens = (await (await client.send('GET', '/me/tokens')).json()) as { items: unknown[] }
    expect(tokens.items).toHaveLength(1)
  })

  test('a key that is held down', async ({ page, admin, client }) => {
    await enter(page, admin)
    const cup = page.getByRole('button', { name: 'Log 250 ml' })
    await cup.focus()
    await page.keyboard.down('Enter')
    for (let repeat = 0; repeat < 5; repeat += 1) await page.keyboard.down('Enter')
    await page.keyboard.up('Enter')
    await expect(card(page, 'Water')).toContainText('250 ml of 2,000 ml today')
    await expect.poll(async () => (await client.entries()).length).toBe(1)
  })

  test('a token and an invitation whose answers are lost are made once', async ({
    page,
    admin,
    client,
  }) => {
    await enter(page, admin, '/settings')
    const lose = async (path: string) => {
      let first = true
      await page.route(`**/api/v1${path}`, async (route) => {
        if (route.request().method() !== 'POST' || !first) return route.fallback()
        first = false
        await route.fetch()
        await route.abort()
      })
    }
    await lose('/me/tokens')
    await page.getByRole('button', { name: 'Create a token' }).click()
    const dialog = page.getByRole('dialog')
    await dialog.getByLabel('Name').fill('kitchen')
    await dialog.getByRole('button', { name: 'Create token' }).click()
    await expect(dialog.getByRole('alert')).toContainText('cannot be reached')
    // The second click comes before the answer, which changes the dialog.
    const answer = await slow(page, '/me/tokens')
    await dialog.getByRole('button', { name: 'Create token' }).dblclick()
    answer()
    await expect(dialog.getByLabel('Token', { exact: true })).toHaveValue(/^st_/)
    const tokens = (await (await client.send('GET', '/me/tokens')).json()) as { items: unknown[] }
    expect(tokens.items).toHaveLength(1)

    await page.goto('/admin/invites')
    await lose('/admin/invites')
    await page.getByRole('button', { name: 'Create an invitation' }).click()
    await dialog.getByRole('button', { name: 'Create invitation' }).click()
    await expect(dialog.getByRole('alert')).toContainText('cannot be reached')
    await dialog.getByRole('button', { name: 'Create invitation' }).click()
    await expect(dialog).toContainText('Your invitation')
    const invites = (await (await client.send('GET', '/admin/invites')).json()) as {
      items: { created_by: string }[]
    }
    const own = invites.items.filter(({ created_by }) => created_by === admin.username)
    expect(own).toHaveLength(1)
  })
})
