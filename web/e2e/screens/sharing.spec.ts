// Sharing.
import { watch } from '../support/live'
import { enter, expect } from '../support/test'
import { share, alsoShared } from './cast'
import { screens } from './look'

screens({
  'sharing-empty': async ({ page, admin }) => {
    await enter(page, admin, '/sharing')
    await expect(page.getByText('Nobody has looked yet.')).toBeVisible()
  },
  sharing: async ({ page, admin, viewer, client, reader }) => {
    await client.send('PATCH', `/me/shares/${viewer.username}`, {
      state: 'approved',
      altitude: 'band',
      until: new Date(Date.now() + 86_400_000).toISOString(),
    })
    await reader.send('GET', `/people/${admin.username}/status`)
    const ended = `ended-${admin.username}`
    await client.send('POST', '/admin/users', { username: ended, role: 'viewer' })
    await client.send('DELETE', `/me/shares/${ended}`)
    const asking = { ...share, username: 'jo', display_name: 'Jo', state: 'requested' }
    const again = {
      ...asking,
      username: 'kim',
      display_name: 'Kim',
      altitude: 'band',
      export: true,
    }
    await alsoShared(page, [asking, again, { ...share, water: 'logged', watching: true }])
    await enter(page, admin, '/sharing')
    await expect(page.getByText('Watching now')).toBeVisible()
    await expect(page.getByRole('heading', { name: 'Waiting for your answer' })).toBeVisible()
  },
  'sharing-everyone': async ({ page, admin, viewer, client }) => {
    await client.send('PATCH', '/me', { sharing: 'everyone' })
    await client.send('PATCH', `/me/shares/${viewer.username}`, { water: 'band' })
    const more = ['Jo', 'Kim', 'Wolfeschlegelsteinhausenbergerdorff'].map((display_name) => ({
      ...share,
      username: display_name.toLowerCase(),
      display_name,
      requested_at: null,
    }))
    await alsoShared(page, more)
    await enter(page, admin, '/sharing')
    await expect(page.getByText('They keep watching you.')).toBeVisible()
  },
  'sharing-overfull': async ({ page, admin, client }) => {
    await client.send('PATCH', '/me', { sharing: 'nobody' })
    const long = 'Wolfeschlegelsteinhausenbergerdorff'
    const names = [long, 'מרים בת־שבע הארוכה מאוד', `${long} the longest of them all`]
    const people = names.flatMap((display_name, index) =>
      (['requested', 'approved', 'ended'] as const).map((state) => ({
        ...share,
        username: `${long.toLowerCase()}.${index}.${state}`,
        display_name,
        state,
        water: 'logged',
        altitude: 'none',
        export: true,
        until: state === 'ended' ? null : '2031-12-31T22:59:00.000Z',
      })),
    )
    await alsoShared(page, people)
    await enter(page, admin, '/sharing')
    await expect(page.getByText('At present nobody can')).toBeVisible()
  },
  'sharing-refused': async ({ page, admin, reader }) => {
    await reader.send('POST', `/people/${admin.username}/share-requests`)
    await page.route('**/api/v1/me/audience*', (route) => route.abort())
    await page.route('**/api/v1/me/shares/*', (route) => route.abort())
    await enter(page, admin, '/sharing')
    await page.getByRole('button', { name: /^Approve alex/ }).click()
    await expect(page.getByRole('alert')).toHaveCount(2)
  },
  'share-dialog': async ({ page, admin, viewer, client }) => {
    await client.send('PATCH', `/me/shares/${viewer.username}`, { state: 'approved' })
    await enter(page, admin, '/sharing')
    await page.getByRole('button', { name: /^Change/ }).click()
    const dialog = page.getByRole('dialog')
    await dialog.getByRole('radio', { name: 'Band' }).first().check()
    await dialog.getByRole('radio', { name: 'None' }).last().check()
    await dialog.getByLabel('Until').fill('2020-01-01T00:00')
    await dialog.getByRole('button', { name: 'Save' }).click()
    await expect(page.locator('[aria-invalid=true]')).toBeVisible()
  },
  'share-dialog-followed': async ({ page, admin, viewer, client }) => {
    await client.share(viewer)
    await watch(page, admin, '/sharing')
    await page.getByRole('button', { name: /^Change/ }).click()
    await client.share(viewer, { water: 'band', history: false })
    await expect(page.getByText('This was changed elsewhere meanwhile.')).toBeVisible()
  },
  'share-dialog-new': async ({ page, admin }) => {
    await enter(page, admin, '/sharing')
    await page.getByRole('button', { name: 'Share with a viewer' }).click()
    await page.getByLabel('User name of the viewer').fill('nobody-at-all')
    await page.getByRole('button', { name: 'Share', exact: true }).click()
    await page.getByRole('button', { name: 'Let nobody-at-all watch' }).click()
    await expect(page.locator('[aria-invalid=true]')).toBeVisible()
  },
  'share-end': async ({ page, admin, viewer, client }) => {
    await client.send('PATCH', `/me/shares/${viewer.username}`, { state: 'approved' })
    await enter(page, admin, '/sharing')
    await page.getByRole('button', { name: /^End/ }).click()
    await expect(page.getByRole('dialog')).toBeVisible()
  },
})
