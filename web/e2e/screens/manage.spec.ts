// The admin's pages.
import { enter, expect } from '../support/test'
import { day, told } from './cast'
import { screens } from './look'

screens({
  'admin-users': async ({ page, admin, client }) => {
    const display_name = 'Wolfeschlegelsteinhausenbergerdorff the longest of all'
    // The name sorts before all others, or the accounts of earlier tests would push it off the first page.
    const username = `0.long.${admin.username}`
    await client.send('POST', '/admin/users', { username, role: 'viewer', display_name })
    await enter(page, admin, '/admin/users')
    await expect(page.getByRole('table', { name: 'Users' })).toContainText(display_name)
  },
  'admin-user-dialog': async ({ page, admin }) => {
    await enter(page, admin, '/admin/users')
    await page.getByRole('button', { name: 'Create a user' }).click()
    await page.getByRole('dialog').getByLabel('Username').fill(admin.username)
    await page.getByRole('button', { name: 'Create user' }).click()
    await expect(page.locator('[aria-invalid=true]')).toBeVisible()
  },
  'admin-user': async ({ page, admin, viewer }) => {
    await enter(page, admin, `/admin/users/${viewer.username}`)
    await expect(page.getByRole('heading', { name: 'Signing in' })).toBeVisible()
  },
  'admin-temporary-password': async ({ page, admin, viewer }) => {
    await enter(page, admin, `/admin/users/${viewer.username}`)
    await page.getByRole('button', { name: 'Reset the password' }).click()
    await page.getByRole('dialog').getByRole('button', { name: 'Reset the password' }).click()
    await expect(page.getByLabel('Temporary password')).toBeVisible()
  },
  'admin-invites': async ({ page, admin, client }) => {
    const expires_at = new Date(Date.now() + 86_400_000).toISOString()
    await client.send('POST', '/admin/invites', { role: 'viewer', expires_at, max_uses: 3 })
    await enter(page, admin, '/admin/invites')
    await expect(page.getByRole('table', { name: 'Invitations' })).toContainText('0 of 3')
  },
  'admin-audit': async ({ page, admin, client }) => {
    await client.logAll(day)
    await enter(page, admin, '/admin/audit')
    await expect(page.getByRole('table', { name: 'Audit log' })).toContainText('entry.create')
  },
  'admin-security': async ({ page, admin, viewer }) => {
    for (let attempt = 0; attempt < 6; attempt += 1) {
      const data = { username: viewer.username, password: `guess ${attempt}` }
      await page.request.post('/api/v1/auth/token', { data })
    }
    await enter(page, admin, '/admin/security')
    await expect(page.getByRole('table', { name: 'Locked names' })).toBeVisible()
  },
  'admin-server': async ({ page, admin }) => {
    await told(page, 'start*', (start: { instance: object }) => ({
      ...start,
      instance: { ...start.instance, maintenance_mode: true },
    }))
    await told(page, 'instance', (instance: object) => ({ ...instance, maintenance_mode: true }))
    await enter(page, admin, '/admin/server')
    await expect(page.getByText('The server is under maintenance.')).toBeVisible()
  },
})
