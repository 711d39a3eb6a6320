// An hour of setting things up, with a slip here and there.
import { card, expect, signIn, test } from '../support/limited'

test('setting everything up, mistyping now and then, is never refused', async ({
  page,
  own,
  admin,
}) => {
  await own.limit()
  await page.goto('/sign-in')
  for (const slip of ['not it', 'nor this']) {
    await page.getByLabel('Username').fill(admin.username)
    await page.getByLabel('Password', { exact: true }).fill(slip)
    await page.getByRole('button', { name: 'Sign in' }).click()
    await expect(page.getByText('Username and password do not match.')).toBeVisible()
  }
  await signIn(page, admin)
  await page.goto('/settings')
  for (const goal of ['1800', '1900', '2100', '2200', '2400']) {
    await page.getByLabel('Daily goal (ml)').fill(goal)
    const saved = page.waitForResponse((answer) => answer.request().method() === 'PATCH')
    await page.getByRole('button', { name: 'Save changes' }).click()
    expect((await saved).status()).toBe(200)
  }
  for (const way of ['Sharing', 'History', 'Today', 'Settings', 'Sharing', 'Today', 'Settings']) {
    await page.getByRole('navigation').getByRole('link', { name: way }).click()
    await expect(page.getByRole('heading', { level: 1, name: way })).toBeVisible()
  }
  await page.getByLabel('Current password').fill(admin.password)
  await page.getByLabel('New password').fill('Wide-Meadow-38-swallows')
  await page.getByRole('button', { name: 'Change password' }).click()
  await expect(page.getByLabel('Current password')).toHaveValue('')
  await page.getByRole('button', { name: 'Sign out', exact: true }).click()
  await signIn(page, { ...admin, password: 'Wide-Meadow-38-swallows' })
  await expect(card(page, 'Water')).toBeVisible()
})
