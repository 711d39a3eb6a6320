// A try whose answer was lost may have succeeded: the next one finds out, and says so.
import { card, enter, expect, type Page, stopClock, test, toast } from './support/test'
import { totp } from './support/totp'

const NEW = 'Violet-Mountain-38-railway'

/** Lets the server carry out one request there, and loses its answer. */
async function lose(page: Page, method: string, path: string): Promise<void> {
  let first = true
  await page.route(`**/api/v1${path}`, async (route) => {
    if (route.request().method() !== method || !first) return route.fallback()
    first = false
    await route.fetch()
    await route.abort()
  })
}

test('a password that was changed is changed', async ({ page, admin, request }) => {
  await stopClock(page)
  await enter(page, admin, '/settings')
  await lose(page, 'PUT', '/me/password')
  const form = card(page, 'Password')
  await form.getByLabel('Current password').fill(admin.password)
  await form.getByLabel('New password').fill(NEW)
  await form.getByRole('button', { name: 'Change password' }).click()
  await expect(form.getByRole('alert')).toContainText('It may have been changed all the same.')
  // A third password is set in place of the one from the first try.
  await form.getByLabel('New password').fill(`${NEW}-2`)
  await form.getByRole('button', { name: 'Change password' }).click()
  await expect(toast(page, 'Password changed.')).toBeVisible()
  const data = { username: admin.username, password: `${NEW}-2` }
  expect((await request.post('/api/v1/auth/token', { data })).status()).toBe(200)
})

test('a wrong password stays one, also after an answer was lost', async ({ page, admin }) => {
  await enter(page, admin, '/settings')
  await lose(page, 'PUT', '/me/password')
  const form = card(page, 'Password')
  await form.getByLabel('Current password').fill('not my password')
  await form.getByLabel('New password').fill(NEW)
  await form.getByRole('button', { name: 'Change password' }).click()
  await expect(form.getByRole('alert')).toContainText('cannot be reached')
  await form.getByRole('button', { name: 'Change password' }).click()
  await expect(form).toContainText('This is not your password. Nothing was changed.')
})

test('a second factor that was turned on says where its codes went, and off is off', async ({
  page,
  viewer,
}) => {
  await stopClock(page)
  await enter(page, viewer, '/settings')
  const form = card(page, 'Second factor')
  await lose(page, 'POST', '/me/totp/confirm')
  await form.getByRole('button', { name: 'Turn on' }).click()
  await form.getByLabel('Your password').fill(viewer.password)
  await form.getByRole('button', { name: 'Go on' }).click()
  const key = await form.getByLabel('Secret', { exact: true }).inputValue()
  await page.getByLabel('Code from your authenticator').fill(totp(key))
  await form.getByRole('button', { name: 'Turn on' }).click()
  await expect(form.getByRole('alert')).toContainText('It may have been changed all the same.')
  await form.getByRole('button', { name: 'Turn on' }).click()
  await expect(form).toContainText('It was turned on by the try before')

  await lose(page, 'DELETE', '/me/totp')
  await form.getByRole('button', { name: 'Turn off' }).click()
  const dialog = page.getByRole('dialog')
  await dialog.getByLabel('Your password').fill(viewer.password)
  await dialog.getByRole('button', { name: 'Turn off' }).click()
  await expect(dialog.getByRole('alert')).toContainText('It may have been changed all the same.')
  await dialog.getByRole('button', { name: 'Turn off' }).click()
  await expect(toast(page, 'The second factor is off.')).toBeVisible()
})

test('an account that was made is entered', async ({ page }) => {
  await page.goto('/register')
  await lose(page, 'POST', '/auth/register')
  await page.getByLabel('Username').fill(`lost-${Date.now().toString(36)}`)
  await page.getByLabel('Password', { exact: true }).fill(NEW)
  await page.getByRole('checkbox', { name: /privacy policy/ }).check()
  await page.getByRole('button', { name: 'Create account' }).click()
  await expect(page.getByRole('alert')).toContainText('The account may have been made all the same')
  await page.getByRole('button', { name: 'Create account' }).click()
  await expect(page.getByRole('button', { name: 'Sign out' })).toBeVisible()
})

test('an account that was deleted is not said to be there', async ({ page, viewer }) => {
  await stopClock(page)
  await enter(page, viewer, '/settings')
  await lose(page, 'DELETE', '/me')
  await page.getByRole('button', { name: 'Delete account' }).click()
  const dialog = page.getByRole('dialog')
  await dialog.getByLabel('Your password').fill(viewer.password)
  await dialog.getByRole('button', { name: 'Delete for good' }).click()
  await expect(page.getByRole('heading', { name: 'Sign in' })).toBeVisible()
  await expect(toast(page, 'Your account is deleted, unless you can still')).toBeVisible()
})

test('an invitation that was revoked is revoked', async ({ page, admin, client }) => {
  const made = { role: 'viewer', max_uses: 1, expires_at: new Date(Date.now() + 3_600_000) }
  expect((await client.send('POST', '/admin/invites', made)).status()).toBe(201)
  await stopClock(page)
  await enter(page, admin, '/admin/invites')
  await lose(page, 'DELETE', '/admin/invites/*')
  await page.getByRole('button', { name: `Revoke the invitation of ${admin.username}` }).click()
  const dialog = page.getByRole('dialog')
  await dialog.getByRole('button', { name: /^Revoke/ }).click()
  await expect(dialog.getByRole('alert')).toContainText('It may have been changed all the same.')
  await dialog.getByRole('button', { name: /^Revoke/ }).click()
  await expect(toast(page, 'The invitation is revoked.')).toBeVisible()
})
