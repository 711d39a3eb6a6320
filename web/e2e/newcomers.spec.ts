// Newcomers: the terms are chosen before they come, and nobody is let in under somebody else's name.
import { card, Client, enter, expect, type Page, secret, test } from './support/test'

function row(page: Page, region: string, name: string) {
  return card(page, region).getByRole('listitem').filter({ hasText: name })
}

test('a new viewer sees what was said and chosen', async ({ page, admin }) => {
  const username = `new-of-${admin.username}`
  await enter(page, admin, '/admin/users')
  await page.getByRole('button', { name: 'Create a user' }).click()
  const dialog = page.getByRole('dialog', { name: 'Create a user' })
  const says = dialog.getByText('They will see of you: Exact water and altitude, with history.')
  await expect(says).toBeVisible()
  await dialog.getByRole('radio', { name: 'Admin' }).check()
  await expect(says).toBeHidden()
  await dialog.getByRole('radio', { name: 'Viewer' }).check()
  await dialog.getByLabel('Username').fill(username)
  await dialog.getByText('Change what they will see').click()
  const altitude = dialog.getByRole('group', { name: 'Altitude' })
  await altitude.getByRole('radio', { name: 'None' }).check()
  await dialog.getByLabel('Until').fill('2020-01-01T00:00')
  await dialog.getByRole('button', { name: 'Create user' }).click()
  await expect(dialog).toContainText('Choose a time in the future.')
  // The choice survives a reload.
  await page.reload()
  await expect(dialog).toContainText(
    'They will see of you: Exact water, no altitude, with history.',
  )
  await dialog.getByText('Change what they will see').click()
  await dialog.getByRole('button', { name: 'No end' }).click()
  await dialog.getByRole('button', { name: 'Create user' }).click()
  await secret(page, 'Temporary password')
  await page.getByRole('button', { name: 'I have passed it on' }).click()
  await page.goto('/sharing')
  await expect(row(page, 'Who can watch', username)).toContainText('Exact water, no altitude')
})

test('a viewer for whom nothing was chosen has to ask', async ({ page, admin }) => {
  const username = `asks-${admin.username}`
  await enter(page, admin, '/admin/users')
  await page.getByRole('button', { name: 'Create a user' }).click()
  const dialog = page.getByRole('dialog', { name: 'Create a user' })
  await dialog.getByLabel('Username').fill(username)
  await dialog.getByRole('radio', { name: 'Once I approve' }).check()
  await expect(dialog).toContainText('They see nothing of you until they ask and you approve it.')
  await dialog.getByRole('button', { name: 'Create user' }).click()
  await secret(page, 'Temporary password')
  await page.goto('/sharing')
  await expect(card(page, 'Who can watch')).toContainText('Nobody yet.')
})

test('an invitation for several shares nothing unless it is chosen', async ({ page, admin }) => {
  await enter(page, admin, '/admin/invites')
  const invitations = page.getByRole('table', { name: 'Invitations' })
  for (const [uses, chosen, said] of [
    ['1', undefined, 'Exact water and altitude, with history'],
    ['5', undefined, 'Nothing until you approve'],
    ['7', 'At once', 'Exact water and altitude, with history'],
  ] as const) {
    await page.getByRole('button', { name: 'Create an invitation' }).click()
    const dialog = page.getByRole('dialog', { name: 'Create an invitation' })
    await dialog.getByLabel('For how many people').fill(uses)
    if (chosen) await dialog.getByRole('radio', { name: chosen }).check()
    await expect(dialog).toContainText(
      said.startsWith('Exact') ? `They will see of you: ${said}.` : 'They see nothing of you',
    )
    await dialog.getByRole('button', { name: 'Create invitation' }).click()
    await page.getByRole('button', { name: 'I have passed it on' }).click()
    const ours = invitations.getByRole('row').filter({ hasText: admin.username })
    await expect(ours.filter({ hasText: `0 of ${uses}` })).toContainText(said)
  }
})

test('a viewer who asks under a name like another is told from them', async ({
  page,
  admin,
  viewer,
  server,
  request,
}) => {
  const papa = await server.createUser(`papa-of-${admin.username}`, 'viewer', viewer.password)
  const theirs = await Client.signIn(request, papa)
  expect((await theirs.send('PATCH', '/me', { display_name: 'Our Papa' })).status()).toBe(200)
  const asks = await Client.signIn(request, viewer)
  // The second letter is from another alphabet.
  expect((await asks.send('PATCH', '/me', { display_name: 'Our Pаpa' })).status()).toBe(200)
  await asks.send('POST', `/people/${admin.username}/share-requests`)
  await enter(page, admin, '/sharing')
  const waiting = row(page, 'Waiting for your answer', viewer.username)
  await expect(waiting).toContainText(`Not ${papa.username}, though the name looks alike.`)
  await waiting.getByRole('button', { name: /^Approve with less/ }).click()
  await expect(page.getByRole('dialog')).toContainText(`Not ${papa.username}`)
})

test('a person has one address, however their name is written', async ({
  page,
  admin,
  viewer,
  client,
}) => {
  await client.share(viewer)
  await client.log({ metric: 'water', value: 250 })
  await enter(page, viewer, `/people/${admin.username.toUpperCase()}`)
  await expect(page.getByRole('heading', { name: admin.username })).toBeVisible()
  await expect(page).toHaveURL(`/people/${admin.username}`)
  await page.goto(`/people/${admin.username.replace('r', 'R')}/history?metric=water`)
  await expect(page).toHaveURL(`/people/${admin.username}/history?metric=water`)
  await expect(page.getByText('250 ml').first()).toBeVisible()
  await enter(page, admin, `/admin/users/${viewer.username.toUpperCase()}`)
  await expect(page).toHaveURL(`/admin/users/${viewer.username}`)
  await expect(page.getByRole('heading', { name: viewer.username })).toBeVisible()
})
