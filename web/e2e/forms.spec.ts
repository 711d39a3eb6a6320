// Forms store what a person means: the number, once, in the words they typed.
import { watch } from './support/live'
import { card, enter, expect, stopClock, test, toast } from './support/test'

test.describe('the number that was meant', () => {
  const typed = [
    { locale: 'en-US', text: '1,500', said: '= 1,500 ml', value: 1500 },
    { locale: 'de-DE', text: '1.500', said: '= 1.500 ml', value: 1500 },
    { locale: 'fr-FR', text: '1 500', said: '= 1\u202f500 ml', value: 1500 },
    { locale: 'en-US', text: '0.25 l', said: '= 250 ml', value: 250 },
    { locale: 'ar-EG', text: '٢٥٠', said: '= 250 ml', value: 250 },
  ]
  for (const { locale, text, said, value } of typed) {
    test(`${text} in ${locale} is ${value} ml`, async ({ device, admin, client }) => {
      const page = await device({ locale })
      await enter(page, admin)
      await page.getByRole('button', { name: 'Other' }).click()
      await page.getByLabel('Other amount (ml)').fill(text)
      await expect(page.getByText(said.replaceAll(' ml', '\u00a0ml'))).toBeVisible()
      await page.getByLabel('Other amount (ml)').press('Enter')
      await expect.poll(() => client.entries()).toMatchObject([{ value }])
    })
  }

  const asked = [
    { locale: 'de-DE', text: '1,500', choice: '1.500\u00a0ml', value: 1500 },
    { locale: 'en-US', text: '1.500', choice: '1,500\u00a0ml', value: 1500 },
    { locale: 'en-US', text: '0,5', choice: '500\u00a0ml', value: 500 },
  ]
  for (const { locale, text, choice, value } of asked) {
    test(`${text} in ${locale} is asked, not guessed`, async ({ device, admin, client }) => {
      const page = await device({ locale })
      await enter(page, admin)
      await page.getByRole('button', { name: 'Other' }).click()
      const field = page.getByLabel('Other amount (ml)')
      await field.fill(text)
      await field.press('Enter')
      await expect(page.getByText('Choose what you mean.')).toBeVisible()
      expect(await client.entries()).toEqual([])
      await page.getByRole('button', { name: choice, exact: true }).click()
      await expect(field).toBeFocused()
      await field.press('Enter')
      await expect.poll(() => client.entries()).toMatchObject([{ value }])
    })
  }

  test('an amount that was typed in ounces stays that amount when the unit changes', async ({
    page,
    admin,
    client,
  }) => {
    await client.send('PATCH', '/me', { unit: 'fl_oz' })
    await watch(page, admin)
    await page.getByRole('button', { name: 'Other' }).click()
    await page.getByLabel('Other amount (fl oz)').fill('16')
    await client.send('PATCH', '/me', { unit: 'ml' })
    const field = page.getByLabel('Other amount (ml)')
    await expect(field).toHaveValue('473')
    await page.reload()
    await expect(field).toHaveValue('473')
    await field.press('Enter')
    await expect.poll(() => client.entries()).toMatchObject([{ value: 473 }])
  })

  test('sixteen times an ounce is sixteen ounces, and the limit that is told is taken', async ({
    page,
    admin,
    client,
  }) => {
    await client.send('PATCH', '/me', { unit: 'fl_oz', daily_goal_ml: 473 })
    for (let count = 0; count < 16; count += 1) {
      await client.send('POST', '/entries', { metric: 'water', value: 30, fl_oz_tenths: 10 })
    }
    await enter(page, admin)
    await expect(card(page, 'Water')).toContainText('16 fl oz of 16 fl oz today, goal reached')
    await page.getByRole('button', { name: 'Other' }).click()
    const field = page.getByLabel('Other amount (fl oz)')
    await field.fill('170')
    await field.press('Enter')
    await expect(page.getByText('Type an amount of at most 169.1 fl oz.')).toBeVisible()
    await field.fill('169.1')
    await field.press('Enter')
    await expect(card(page, 'Water')).toContainText('185.1 fl oz')
    await expect.poll(async () => (await client.entries()).at(-1)).toMatchObject({ value: 5000 })
    await page.goto('/history')
    await expect(page.getByRole('main')).toContainText('185.1 fl oz')
  })
})

test('an amount stays what it is when the unit changes elsewhere', async ({
  page,
  admin,
  client,
}) => {
  await watch(page, admin)
  await page.getByRole('button', { name: 'Other' }).click()
  await page.getByLabel('Other amount (ml)').fill('250')
  await client.send('PATCH', '/me', { unit: 'fl_oz' })
  const field = page.getByLabel('Other amount (fl oz)')
  await expect(field).toHaveValue('8.5')
  await field.press('Enter')
  await expect(field).toBeHidden()
  await expect.poll(() => client.entries()).toMatchObject([{ value: 250 }])
})

test.describe('a mistake is named as it stands there', () => {
  test('in a choice, a day and a text', async ({ page, admin }) => {
    await enter(page, admin, '/history')
    await page.getByRole('button', { name: 'Add an entry' }).click()
    const dialog = page.getByRole('dialog')
    await dialog.getByRole('radio', { name: 'Altitude' }).check()
    await dialog.getByLabel('Time', { exact: true }).fill('')
    await dialog.getByLabel('Note').fill('a'.repeat(501))
    await dialog.getByRole('button', { name: 'Save' }).click()
    const level = dialog.getByText('Choose a level from 1 to 10.')
    const time = dialog.getByText('Choose a day and a time.')
    const note = dialog.getByText('This is one character too long.')
    for (const wrong of [level, time, note]) await expect(wrong).toBeVisible()

    await dialog.getByLabel('Level').selectOption('7')
    await expect(level).toBeHidden()
    await expect(time).toBeVisible()
    await dialog.getByLabel('Time', { exact: true }).fill('2026-01-05T10:00')
    await expect(time).toBeHidden()
    await dialog.getByLabel('Note').fill('short')
    await expect(note).toBeHidden()
    await expect(dialog.getByText('495 characters left')).toBeVisible()
    await dialog.getByRole('button', { name: 'Save' }).click()
    await expect(dialog).toBeHidden()
  })

  test('by the server as well', async ({ page }) => {
    await page.goto('/register')
    await page.getByLabel('Username').fill('Not a name')
    await page.getByLabel('Password', { exact: true }).fill('Quiet-Harbour-71-lanterns')
    await page.getByRole('checkbox').check()
    await page.getByRole('button', { name: 'Create account' }).click()
    const name = page.getByLabel('Username')
    await expect(name).toHaveAttribute('aria-invalid', 'true')
    await name.fill('a-name')
    await expect(name).not.toHaveAttribute('aria-invalid')
  })

  test('one hour is one, and what it is for stays in sight', async ({ page, admin }) => {
    await enter(page, admin, '/settings')
    const hours = page.getByLabel('Getting old after (hours)')
    await expect(hours).toHaveAccessibleDescription(
      '= 6 hours. From then on the page says when you last logged.',
    )
    await hours.fill('1')
    await expect(hours).toHaveAccessibleDescription(/^= 1 hour\./)
    await page.goto('/admin/invites')
    await page.getByRole('button', { name: 'Create an invitation' }).click()
    const people = page.getByLabel('For how many people')
    await expect(people).toHaveAccessibleDescription(/^= 1 person/)
    await people.fill('2')
    await expect(people).toHaveAccessibleDescription(/^= 2 people/)
  })
})

test.describe('typed text stays as it was', () => {
  test('Escape keeps a note, and says so', async ({ page, admin, client }) => {
    const note = 'A long walk by the river. '.repeat(10)
    await stopClock(page)
    await enter(page, admin, '/history')
    await page.getByRole('button', { name: 'Add an entry' }).click()
    const dialog = page.getByRole('dialog')
    await dialog.getByLabel('Note').fill(note)
    await page.keyboard.press('Escape')
    await expect(dialog).toBeHidden()
    await toast(page, 'What you typed is kept.').getByRole('button', { name: 'Go on' }).click()
    await expect(dialog.getByLabel('Note')).toHaveValue(note)

    // After closing it and reloading the page, the draft waits until the form is opened.
    await page.keyboard.press('Escape')
    await expect(dialog).toBeHidden()
    await page.reload()
    await page.getByRole('button', { name: 'Add an entry' }).click()
    await expect(dialog).toContainText('This is what you typed before.')
    await expect(dialog.getByLabel('Note')).toHaveValue(note)

    // A press throws it away, and can be undone.
    await dialog.getByRole('button', { name: 'Cancel' }).click()
    await toast(page, 'thrown away').getByRole('button', { name: 'Undo' }).click()
    await expect(dialog.getByLabel('Note')).toHaveValue(note)
    await dialog.getByLabel('Amount (ml)').fill('250')
    await dialog.getByRole('button', { name: 'Save' }).click()
    await expect(dialog).toBeHidden()
    expect(await client.entries()).toMatchObject([{ note }])
  })

  test('a draft of one entry does not come up in another', async ({ page, admin, client }) => {
    await client.log({ metric: 'water', value: 200, at: '2026-01-05T08:00:00.000Z' })
    await client.log({ metric: 'water', value: 300, at: '2026-01-05T09:00:00.000Z' })
    await enter(page, admin, '/history')
    const dialog = page.getByRole('dialog')
    await page.getByRole('button', { name: /^Edit 200 ml/ }).click()
    await dialog.getByLabel('Note').fill('of the first')
    await page.keyboard.press('Escape')
    await page.getByRole('button', { name: /^Edit 300 ml/ }).click()
    await expect(dialog.getByLabel('Note')).toHaveValue('')
    await page.keyboard.press('Escape')
    await page.getByRole('button', { name: /^Edit 200 ml/ }).click()
    await expect(dialog.getByLabel('Note')).toHaveValue('of the first')
  })

  test('saved without a change, nothing changes; a tag that is added leaves the others whole', async ({
    page,
    admin,
    client,
  }) => {
    const id = '019cb2f0-0000-7000-8000-00000000000a'
    const entry = { metric: 'water', value: 250, at: '2026-01-05T08:00:33.123Z', id }
    const kept = { note: '  tea\r\nand more  \n', tags: ['a, b', ' c '] }
    await client.send('POST', '/entries', { ...entry, ...kept })
    const before: unknown = await (await client.send('GET', `/entries/${id}`)).json()
    await enter(page, admin, '/history')
    const dialog = page.getByRole('dialog')
    await page.getByRole('button', { name: /^Edit 250 ml/ }).click()
    await dialog.getByRole('button', { name: 'Save' }).click()
    await expect(dialog).toBeHidden()
    expect(await (await client.send('GET', `/entries/${id}`)).json()).toEqual(before)

    await page.getByRole('button', { name: /^Edit 250 ml/ }).click()
    await dialog.getByLabel('Tags').fill('new')
    await dialog.getByRole('button', { name: 'Save' }).click()
    await expect(dialog).toBeHidden()
    const after: unknown = await (await client.send('GET', `/entries/${id}`)).json()
    expect(after).toMatchObject({ ...kept, at: entry.at, tags: ['a, b', ' c ', 'new'] })
  })

  test('three hundred emoji fit in a note, and of more is said that they are too many', async ({
    page,
    admin,
    client,
  }) => {
    await enter(page, admin, '/history')
    await page.getByRole('button', { name: 'Add an entry' }).click()
    const dialog = page.getByRole('dialog')
    const note = dialog.getByLabel('Note')
    await dialog.getByLabel('Amount (ml)').fill('250')
    await note.fill('😀'.repeat(300))
    await expect(dialog).toContainText('200 characters left')
    await note.fill('😀'.repeat(501))
    await expect(dialog).toContainText('1 character too many')
    await dialog.getByRole('button', { name: 'Save' }).click()
    await expect(note).toHaveAttribute('aria-invalid', 'true')
    await expect(note).toHaveValue('😀'.repeat(501))
    await note.fill('😀'.repeat(500))
    await dialog.getByRole('button', { name: 'Save' }).click()
    await expect(dialog).toBeHidden()
    expect(await client.entries()).toMatchObject([{ note: '😀'.repeat(500) }])
  })

  test('settings that are not saved say so, stay and are found again', async ({ page, admin }) => {
    await stopClock(page)
    await enter(page, admin, '/settings')
    const unsaved = page.getByRole('status').filter({ hasText: 'Not saved: goal' })
    await page.getByLabel('Daily goal (ml)').fill('2.750')
    await expect(unsaved).toBeVisible()
    await page.getByRole('link', { name: 'Today' }).click()
    await toast(page, 'Not saved: goal').getByRole('button', { name: 'Go back' }).click()
    await expect(page.getByLabel('Daily goal (ml)')).toHaveValue('2.750')
    await page.getByRole('button', { name: 'Save changes' }).click()
    await expect(page.getByText('Choose what you mean.')).toBeVisible()
    await page.getByRole('button', { name: '2,750\u00a0ml', exact: true }).click()
    await page.getByRole('button', { name: 'Save changes' }).click()
    await expect(toast(page, 'Settings saved')).toBeVisible()
    await expect(page.getByRole('status').filter({ hasText: 'Not saved:' })).toBeHidden()
  })
})
