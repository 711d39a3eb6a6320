// Penalties and locks on one page, and how people are let in again.
import { card, enter, expect, type Page, stopClock, test, toast } from './support/test'

const table = (page: Page, name: string) => page.getByRole('table', { name, exact: true })

test('failed sign-ins and locked names are told, and a name is unlocked', async ({
  page,
  admin,
  viewer,
}) => {
  for (let attempt = 0; attempt < 6; attempt += 1) {
    await page.request.post('/api/v1/auth/token', {
      data: { username: viewer.username, password: `guess ${attempt}` },
    })
  }
  await stopClock(page)
  await enter(page, admin, '/admin/security')
  await expect(table(page, 'Failed sign-ins')).toContainText(viewer.username)
  await expect(table(page, 'Failed sign-ins')).toContainText('127.0.0.1')
  await expect(table(page, 'Locked names')).toContainText(viewer.username)
  await page.getByRole('button', { name: `Unlock ${viewer.username}` }).click()
  await expect(toast(page, `${viewer.username} can sign in again.`)).toBeVisible()
  await expect(card(page, 'Locked names')).not.toContainText(viewer.username)
  expect((await page.request.post('/api/v1/auth/token', { data: viewer })).status()).toBe(200)
})

test('the last day is a picture, words and numbers', async ({ page, admin, viewer }) => {
  await page.request.post('/api/v1/auth/token', {
    data: { username: viewer.username, password: 'not the password' },
  })
  await enter(page, admin, '/admin/security')
  const hours = card(page, 'The last 24 hours')
  await expect(hours.locator('dt', { hasText: 'Failed sign-ins' })).toBeVisible()
  await expect(hours).toContainText(/most at \d{2}:\d{2}/)
  await hours.getByText('The same in numbers').click()
  await expect(hours.getByRole('row')).toHaveCount(25)
  await expect(hours.getByRole('columnheader', { name: 'Suspicious requests' })).toBeVisible()
})

test('a request that looks like an attack is told as what it was', async ({ page, admin }) => {
  await page.request.get('/api/v1/people/..%2f..%2fetc%2fpasswd/status')
  await enter(page, admin, '/admin/security')
  await expect(async () => {
    await page.getByRole('button', { name: 'Look again' }).click()
    await expect(table(page, 'Suspicious requests')).toContainText('traversal', { timeout: 1_000 })
  }).toPass()
})
