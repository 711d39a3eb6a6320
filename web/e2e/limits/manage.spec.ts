// A quarter of an hour of an admin at the desk.
import { card, expect, signIn, test } from '../support/limited'

test('managing the server, page by page and twice over, is never refused', async ({
  page,
  own,
  admin,
  viewer,
}) => {
  await own.limit()
  await signIn(page, admin)
  const ways = page.getByRole('navigation', { name: 'Manage' })
  for (let round = 0; round < 2; round += 1) {
    await page.goto('/admin/users')
    await page.getByRole('link', { name: viewer.username }).click()
    await expect(card(page, 'Role')).toBeVisible()
    for (const way of ['Invites', 'Audit', 'Security', 'Server', 'Users']) {
      await ways.getByRole('link', { name: way }).click()
      await expect(page.getByRole('heading', { level: 1 })).toBeVisible()
      await page.reload()
      await expect(page.getByRole('heading', { level: 1 })).toBeVisible()
    }
  }
  await page.goto('/admin/security')
  for (let look = 0; look < 5; look += 1) {
    await page.getByRole('button', { name: /^(Look again|Refresh)$/ }).click()
  }
  await expect(card(page, 'The last 24 hours')).toBeVisible()
})
