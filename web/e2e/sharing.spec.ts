// Consent: asked for, given and refused, in two windows.
import { watch } from './support/live'
import { detailOf, reader, row } from './support/sharing'
import {
  card,
  enter,
  expect,
  type Locator,
  rest,
  runUntilAsked,
  stopClock,
  test,
  toast,
} from './support/test'

test('a viewer asks, the person answers with one tap, and the viewer is told', async ({
  page,
  admin,
  viewer,
  device,
}) => {
  const watching = await device()
  await stopClock(watching)
  await enter(watching, viewer)
  await watching.getByRole('button', { name: `Ask to watch ${admin.username}` }).click()
  const asked = row(watching, 'Who you can ask', admin.username)
  await expect(asked).toContainText('Asked, waiting for an answer')
  await expect(asked.getByRole('button')).toHaveCount(0)

  await stopClock(page)
  // The list is loaded only once the page is there.
  await watch(page, admin)
  await page.clock.runFor(3_000)
  await page.getByRole('link', { name: 'Sharing (1 waiting for an answer)' }).click()
  await expect(page.getByRole('heading', { name: 'Sharing' })).toBeFocused()
  const request = row(page, 'Waiting for your answer', viewer.username)
  await expect(request).toContainText('Asked to watch you just now')
  await request.getByRole('button', { name: `Approve ${viewer.username}` }).click()
  await expect(toast(page, `${viewer.username} can watch you now.`)).toBeVisible()
  await expect(card(page, 'Waiting for your answer')).toBeHidden()
  await expect(page.getByRole('link', { name: 'Sharing', exact: true })).toBeVisible()
  await expect(row(page, 'Who can watch', viewer.username)).toContainText(
    'Exact water and altitude, with history',
  )

  await toast(watching, `${admin.username} lets you watch.`)
    .getByRole('button', { name: 'Open' })
    .click()
  await expect(watching).toHaveURL(`/people/${admin.username}`)
  await expect(card(watching, 'Water')).toContainText('Never')

  // The person sees that they are watched, and ends it while they are.
  const share = row(page, 'Who can watch', viewer.username)
  await expect(share).toContainText('Watching now')
  await share.getByRole('button', { name: /^End/ }).click()
  await page.getByRole('dialog').getByRole('button', { name: 'End sharing' }).click()
  await expect(watching.getByRole('heading', { name: 'No longer shared with you' })).toBeVisible()
  await expect(share).toContainText('Cannot watch since')
  await expect(share).not.toContainText('Watching now')
})

test('an answer that comes late does not hide who watches by then', async ({
  page,
  admin,
  viewer,
  request,
  device,
}) => {
  await (await reader(request, viewer, admin)).ask()
  await enter(await device(), viewer)
  const share = row(page, 'Who can watch', viewer.username)
  await page.route(`**/api/v1/me/shares/${viewer.username}`, async (route) => {
    const answer = await route.fetch()
    await expect(share).toContainText('Watching now')
    await route.fulfill({ response: answer })
  })
  await stopClock(page)
  await watch(page, admin, '/sharing')
  await page.getByRole('button', { name: `Approve ${viewer.username}` }).click()
  await expect(toast(page, `${viewer.username} can watch you now.`)).toBeVisible()
  await expect(share).toContainText('Watching now')
})

test('a viewer who was told no is told so kindly, and can ask again after a day', async ({
  page,
  admin,
  viewer,
  device,
}) => {
  const watching = await device()
  for (const window of [page, watching]) await stopClock(window)
  await enter(watching, viewer)
  await watching.getByRole('button', { name: `Ask to watch ${admin.username}` }).click()
  const asked = row(watching, 'Who you can ask', admin.username)
  await expect(asked).toContainText('Asked, waiting for an answer')
  await watch(page, admin, '/sharing')
  await page.getByRole('button', { name: `Decline ${viewer.username}` }).click()
  await expect(toast(page, `You said no to ${viewer.username}.`)).toBeVisible()
  await expect(row(page, 'Who can watch', viewer.username)).toContainText('Cannot watch since')

  await expect(toast(watching, `${admin.username} would rather not share`)).toBeVisible()
  await expect(asked).toContainText('They do not share with you at present.')
  await asked.getByRole('button', { name: 'Ask again' }).click()
  await expect(asked.getByRole('alert')).toContainText('You can ask again in 24 hours.')

  // The refusal was a slip of the finger.
  await toast(page, 'You said no').getByRole('button', { name: 'Approve instead' }).click()
  await expect(row(page, 'Who can watch', viewer.username)).toContainText('Exact water')
  await expect(asked).toBeHidden()
})

test('a viewer who asks again is approved to see what stands there, which may be less than usual', async ({
  page,
  admin,
  viewer,
  client,
  request,
  server,
}) => {
  const { ask } = await reader(request, viewer, admin)
  // The end has to lie in the future when the server reads it, and soon.
  await expect(async () => {
    const until = new Date(Date.now() + 1_500).toISOString()
    await client.share(viewer, { water: 'band', history: false, until })
  }).toPass()
  // Once the time of the share is over.
  await expect.poll(async () => (await ask()).status()).toBe(201)
  const other = await server.createUser(`${viewer.username}-too`, 'viewer', viewer.password)
  await watch(page, admin, '/sharing')
  const requests = card(page, 'Waiting for your answer')
  await expect(row(page, 'Waiting for your answer', viewer.username)).toContainText(
    'Would see: Water as a band, exact altitude, only how you are now',
  )
  await expect(requests).not.toContainText('Everybody you approve sees exact values')
  await (await reader(request, other, admin)).ask()
  await expect(row(page, 'Waiting for your answer', other.username)).toContainText(
    'Would see: Exact water and altitude, with history',
  )
  await requests.getByRole('button', { name: `Approve ${viewer.username}`, exact: true }).click()
  await expect(row(page, 'Who can watch', viewer.username)).toContainText('Water as a band')
  await expect(requests).toContainText('Everybody you approve sees exact values and your history.')
})

test('nobody, everyone and back, at once and with a way back', async ({
  page,
  admin,
  viewer,
  request,
}) => {
  const { sees } = await reader(request, viewer, admin)
  expect(await sees()).toBe(404)
  await stopClock(page)
  await watch(page, admin, '/sharing')
  await page.getByRole('radio', { name: 'Everyone' }).check()
  await expect(toast(page, 'Every viewer can watch you')).toBeVisible()
  await expect(row(page, 'Who can watch', viewer.username)).toContainText('Exact water')
  expect(await sees()).toBe(200)

  await page.getByRole('radio', { name: 'Nobody' }).check()
  await expect(toast(page, 'Nobody can watch you.')).toBeVisible()
  expect(await sees()).toBe(404)
  await toast(page, 'Nobody can watch you.').getByRole('button', { name: 'Undo' }).click()
  await expect(page.getByRole('radio', { name: 'Everyone' })).toBeChecked()
  await expect.poll(sees).toBe(200)

  // The stream may have brought the change before its answer, and until then no other choice is taken.
  await rest(page)
  await page.route('**/api/v1/me', (route) => route.abort())
  // `check()` would not do: the choice may be taken back before it has looked.
  await page.getByRole('radio', { name: 'People I approve' }).click()
  await expect(page.getByRole('alert')).toContainText('The server cannot be reached.')
  await expect(page.getByRole('radio', { name: 'Everyone' })).toBeChecked()
})

test('a viewer who keeps watching when not everyone may any more is named before and after', async ({
  page,
  admin,
  viewer,
  client,
  request,
  server,
}) => {
  const other = await server.createUser(`sam-of-${admin.username}`, 'viewer', viewer.password)
  await client.send('PATCH', '/me', { sharing: 'everyone' })
  await client.send('PATCH', `/me/shares/${viewer.username}`, { water: 'band' })
  await stopClock(page)
  await watch(page, admin, '/sharing')
  await expect(row(page, 'Who can watch', other.username)).toContainText('Exact water')
  await expect(card(page, 'Who you let watch')).toContainText(
    `Approved already: ${viewer.username}. They keep watching you.`,
  )
  await page.getByRole('radio', { name: 'People I approve' }).check()
  await expect(
    toast(page, `The people you approve can watch you: ${viewer.username}.`),
  ).toBeVisible()
  await expect(row(page, 'Who can watch', other.username)).toBeHidden()
  for (const [account, status] of [
    [viewer, 200],
    [other, 404],
  ] as const) {
    expect(await (await reader(request, account, admin)).sees()).toBe(status)
  }
})

test('a viewer is let in by name without having asked', async ({ page, admin, viewer }) => {
  await watch(page, admin, '/sharing')
  await expect(card(page, 'Who can watch')).toContainText('Nobody yet.')
  await page.getByRole('button', { name: 'Share with a viewer' }).click()
  const dialog = page.getByRole('dialog', { name: 'Share with a viewer' })
  const name = dialog.getByLabel('User name of the viewer')
  for (const wrong of ['', 'nobody-at-all', admin.username]) {
    await name.fill(wrong)
    await dialog.getByRole('button', { name: 'Share', exact: true }).click()
    if (wrong !== '') await dialog.getByRole('button', { name: `Let ${wrong} watch` }).click()
    await expect(name).toHaveAttribute('aria-invalid', 'true')
    await expect(name).toBeFocused()
  }
  await name.fill(viewer.username)
  await dialog.getByRole('button', { name: 'Share', exact: true }).click()
  const asked = `${viewer.username} did not ask. Let ${viewer.username} watch all the same?`
  await expect(dialog.getByRole('status').filter({ hasText: asked })).toBeVisible()
  await expect(card(page, 'Who can watch')).toContainText('Nobody yet.')
  // Another choice does not answer the question.
  await detailOf(dialog, 'Water', 'Band').check()
  await expect(dialog.getByText(asked)).toBeHidden()
  await dialog.getByRole('button', { name: 'Share', exact: true }).click()
  await dialog.getByRole('button', { name: `Let ${viewer.username} watch` }).click()
  await expect(dialog).toBeHidden()
  await expect(row(page, 'Who can watch', viewer.username)).toContainText('no end')
  await expect(row(page, 'Who can watch', viewer.username)).toContainText('Water as a band')
})

for (const [how, press] of [
  ['double click', (button: Locator) => button.dblclick()],
  ['double Enter on the button', (button: Locator) => doubleEnter(button)],
  ['double Enter in the field', (_button: Locator, name: Locator) => doubleEnter(name)],
  [
    'second press in the same place',
    async (button: Locator) => {
      // It stands still by then.
      await button.click({ trial: true })
      const box = await button.boundingBox()
      if (!box) throw new Error('The button is not shown.')
      const { mouse } = button.page()
      await mouse.click(box.x + box.width / 2, box.y + box.height / 2)
      await mouse.click(box.x + box.width / 2, box.y + box.height / 2)
    },
  ],
] as const) {
  test(`a ${how} lets nobody in who did not ask`, async ({ page, admin, viewer, client }) => {
    await watch(page, admin, '/sharing')
    await page.getByRole('button', { name: 'Share with a viewer' }).click()
    const dialog = page.getByRole('dialog', { name: 'Share with a viewer' })
    const name = dialog.getByLabel('User name of the viewer')
    await name.fill(viewer.username)
    await press(dialog.getByRole('button', { name: 'Share', exact: true }), name)
    await expect(dialog.getByText(`${viewer.username} did not ask.`)).toBeFocused()
    await expect(dialog.getByRole('button', { name: `Let ${viewer.username} watch` })).toBeEnabled()
    expect(await (await client.send('GET', '/me/shares')).json()).toMatchObject({ items: [] })
    // Tab leads there next.
    await page.keyboard.press('Tab')
    await page.keyboard.press('Enter')
    await expect(row(page, 'Who can watch', viewer.username)).toBeVisible()
  })
}

async function doubleEnter(target: Locator): Promise<void> {
  await target.focus()
  await target.page().keyboard.press('Enter')
  await target.page().keyboard.press('Enter')
}

test('a request is seen where no stream comes through', async ({
  page,
  admin,
  viewer,
  request,
}) => {
  await stopClock(page)
  await page.route('**/events', (route) => route.abort())
  await enter(page, admin, '/sharing')
  await expect(card(page, 'Who can watch')).toBeVisible()
  await runUntilAsked(page, '**/api/v1/me/shares?*')
  await expect(page.getByText('Updating every 30 s')).toBeVisible()
  await (await reader(request, viewer, admin)).ask()
  await runUntilAsked(page, '**/api/v1/me/shares?*')
  await expect(row(page, 'Waiting for your answer', viewer.username)).toBeVisible()
})

test('a request is answered and narrowed with the keyboard alone', async ({
  page,
  admin,
  viewer,
  request,
}) => {
  await (await reader(request, viewer, admin)).ask()
  await watch(page, admin, '/sharing')
  const press = async (name: string | RegExp, role: 'button' | 'radio' = 'button') => {
    const target = page.getByRole(role, { name }).first()
    await expect(target).toBeVisible()
    for (let presses = 0; presses < 60; presses += 1) {
      if (await target.evaluate((element) => element === document.activeElement)) return
      await page.keyboard.press('Tab')
    }
    throw new Error(`Tab never led to ${String(name)}`)
  }
  await press(`Approve ${viewer.username}`)
  await page.keyboard.press('Enter')
  await expect(card(page, 'Waiting for your answer')).toBeHidden()
  // The focus is at the beginning of the page, and not lost.
  await expect(page.getByRole('heading', { name: 'Sharing' })).toBeFocused()
  await press(`Change what ${viewer.username} sees`)
  await page.keyboard.press('Enter')
  await press('Exact', 'radio')
  await page.keyboard.press('ArrowRight')
  await press('Save')
  await page.keyboard.press('Enter')
  await expect(row(page, 'Who can watch', viewer.username)).toContainText('Water as a band')
})
