// Signing in, settings, and what the page says where there is nothing.
import { card, enter, expect } from '../support/test'
import { screens } from './look'

screens({
  'sign-in': async ({ page }) => {
    await page.goto('/sign-in')
    await page.getByLabel('Username').fill('nobody')
    await page.getByLabel('Password', { exact: true }).fill('wrong')
    await page.getByRole('button', { name: 'Sign in' }).click()
    await expect(page.getByText('Username and password do not match.')).toBeVisible()
  },
  register: async ({ page }) => {
    await page.goto('/register')
    await page.getByLabel('Password', { exact: true }).fill('Quiet-Harbour')
    await expect(page.getByText('Version of')).toBeVisible()
  },
  'not-found': async ({ page, admin }) => {
    await enter(page, admin, '/nothing-here')
    await expect(page.getByRole('heading', { name: 'There is nothing here' })).toBeVisible()
  },
  unreachable: async ({ page, admin }) => {
    await page.route('**/api/v1/start*', (route) => route.abort())
    await enter(page, admin)
    await expect(page.getByRole('alert')).toContainText('could not be loaded')
  },
  settings: async ({ page, admin }) => {
    await enter(page, admin, '/settings')
    await page.getByLabel('Daily goal (ml)').fill('nonsense')
    await page.getByRole('button', { name: 'Save changes' }).click()
    await expect(page.locator('[aria-invalid=true]')).toBeVisible()
    // The token that fills the database for these screens is the other device.
    await expect(page.getByRole('button', { name: 'Sign out Another client' })).toBeVisible()
  },
  'settings-of-a-viewer': async ({ page, viewer }) => {
    await enter(page, viewer, '/settings')
    await expect(card(page, 'Where you are signed in').getByRole('listitem').first()).toBeVisible()
  },
  'settings-refused': async ({ page, admin }) => {
    await page.route('**/api/v1/me/sessions', (route) => route.abort())
    await enter(page, admin, '/settings')
    await page.getByLabel('Current password').fill('not the password')
    await page.getByLabel('New password').fill('Wide-Meadow-38-swallows')
    await page.getByRole('button', { name: 'Change password' }).click()
    await expect(page.getByText('This is not your password.')).toBeVisible()
    await expect(page.getByRole('alert')).toContainText('could not be loaded')
  },
  'second-factor': async ({ page, viewer }) => {
    await enter(page, viewer, '/settings')
    await page.getByRole('button', { name: 'Turn on' }).click()
    await page.getByLabel('Your password').fill(viewer.password)
    await page.getByRole('button', { name: 'Go on' }).click()
    await expect(page.getByRole('img', { name: /QR code/ })).toBeVisible()
  },
  'token-dialog': async ({ page, admin }) => {
    await enter(page, admin, '/settings')
    await page.getByRole('button', { name: 'Create a token' }).click()
    await page.getByRole('button', { name: 'Create token' }).click()
    await expect(page.locator('[aria-invalid=true]')).toBeVisible()
  },
  'delete-account': async ({ page, admin }) => {
    await enter(page, admin, '/settings')
    await page.getByRole('button', { name: 'Delete account' }).click()
    await expect(page.getByRole('dialog')).toBeVisible()
  },
})
