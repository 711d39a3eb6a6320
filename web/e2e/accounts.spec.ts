// Getting in and out: register, sign in, stay signed in, sign out.
import { endSession, enter, expect, stopClock, test, trySignIn } from './support/test'

test('somebody registers, having read the privacy policy, and is a viewer', async ({ page }) => {
  await page.goto('/register')
  const policy = page.getByRole('group', { name: 'Privacy policy' })
  await expect(policy).toContainText('Version of')

  const username = `newcomer-${Date.now().toString(36)}`
  await page.getByLabel('Username').fill(username)
  await page.getByLabel('Password', { exact: true }).fill('Quiet-Harbour-71-lanterns')
  await page.getByRole('checkbox', { name: /privacy policy/ }).check()
  await page.getByRole('button', { name: 'Create account' }).click()

  await expect(page.getByRole('button', { name: 'Sign out' })).toBeVisible()
  await page.goto('/settings')
  await expect(page.getByText(`You are signed in as ${username}, who watches.`)).toBeVisible()
})

test('registering says what is wrong with the name or the password', async ({ page, admin }) => {
  await page.goto('/register')
  await page.getByLabel('Username').fill(admin.username)
  await page.getByLabel('Password', { exact: true }).fill('Quiet-Harbour-71-lanterns')
  await page.getByRole('checkbox').check()
  await page.getByRole('button', { name: 'Create account' }).click()
  await expect(page.getByText('This username is taken.')).toBeVisible()

  await page.getByLabel('Password', { exact: true }).fill('Password1234!')
  await page.getByLabel('Username').fill(`x-${admin.username}`)
  await page.getByRole('button', { name: 'Create account' }).click()
  const password = page.getByLabel('Password', { exact: true })
  await expect(password).toHaveAttribute('aria-invalid', 'true')
  await expect(password).toHaveValue('Password1234!')
})

test('signing in leads to where one wanted to go', async ({ page, admin }) => {
  await page.goto('/history?metric=water')
  await expect(page).toHaveURL(/\/sign-in\?next=/)
  await expect(page.getByRole('heading', { name: 'Sign in' })).toBeVisible()

  await page.getByLabel('Username').fill(admin.username)
  await page.getByLabel('Password', { exact: true }).fill('not the password')
  await page.getByRole('button', { name: 'Sign in' }).click()
  await expect(page.getByText('Username and password do not match.')).toBeVisible()

  await page.getByLabel('Password', { exact: true }).fill(admin.password)
  await page.getByRole('button', { name: 'Sign in' }).click()
  await expect(page).toHaveURL('/history?metric=water')
  await expect(page.getByRole('heading', { name: 'History' })).toBeVisible()
})

test('a name of another site is no place to go after signing in', async ({ page, admin }) => {
  for (const next of [
    '//elsewhere.example/',
    'https://elsewhere.example',
    '/\\elsewhere.example',
  ]) {
    await page.context().clearCookies()
    await page.goto(`/sign-in?next=${encodeURIComponent(next)}`)
    await page.getByLabel('Username').fill(admin.username)
    await page.getByLabel('Password', { exact: true }).fill(admin.password)
    await page.getByRole('button', { name: 'Sign in' }).click()
    await expect(page.getByRole('heading', { name: 'Today' })).toBeVisible()
    await expect(page).toHaveURL('/')
  }
})

test('a reload keeps the session, and the cookie is out of reach of scripts', async ({
  page,
  admin,
}) => {
  await enter(page, admin)
  await page.reload()
  await expect(page.getByRole('heading', { name: 'Today' })).toBeVisible()
  expect(await page.evaluate(() => document.cookie)).toBe('')
  const [cookie] = await page.context().cookies()
  expect(cookie).toMatchObject({ name: 'session', httpOnly: true, sameSite: 'Strict' })
})

test('signing out ends the session, also for a copy of its cookie', async ({ page, admin }) => {
  await enter(page, admin)
  await page.getByRole('navigation').getByRole('link', { name: 'History' }).click()
  await expect(page.getByRole('heading', { name: 'History' })).toBeVisible()
  const cookies = await page.context().cookies()
  await page.getByRole('button', { name: 'Sign out' }).click()
  await expect(page.getByRole('heading', { name: 'Sign in' })).toBeVisible()
  await page.reload()
  await expect(page.getByRole('heading', { name: 'Sign in' })).toBeVisible()

  await page.context().addCookies(cookies)
  expect((await page.request.get('/api/v1/me')).status()).toBe(401)
  await page.goBack()
  await expect(page.getByRole('heading', { name: 'Sign in' })).toBeVisible()
  await expect(page.getByRole('heading', { name: 'Today' })).toBeHidden()
})

test('a session that ends in the middle of an edit loses nothing that was typed', async ({
  page,
  admin,
}) => {
  // Only the press of the button can notice that the session has ended.
  await stopClock(page)
  await enter(page, admin, '/settings')
  await page.getByLabel('Display name').fill('Robin of the hills')
  await page.getByLabel('Current password').fill(admin.password)
  await endSession(page)
  await page.getByRole('button', { name: 'Save changes' }).click()
  await expect(page.getByText('Your session has ended. What you typed is kept')).toBeVisible()
  const stored = await page.evaluate(() => JSON.stringify([localStorage, sessionStorage]))
  expect(stored).not.toContain(admin.password)

  await trySignIn(page, admin.username, admin.password)
  await expect(page).toHaveURL('/settings')
  await expect(page.getByLabel('Display name')).toHaveValue('Robin of the hills')
  await expect(page.getByLabel('Current password')).toHaveValue('')
  await page.getByRole('button', { name: 'Save changes' }).click()
  await expect(page.getByText('Settings saved')).toBeVisible()
})
