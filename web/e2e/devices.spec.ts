// The password and the devices: what ends a session, and what keeps a stranger from starting one.
import { card, enter, expect, type Page, stopClock, test, toast, trySignIn } from './support/test'

const NEW = 'Wide-Meadow-38-swallows'
const FIREFOX = 'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0'
const PHONE =
  'Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.5 Mobile/15E148 Safari/604.1'

const devices = (page: Page) => card(page, 'Where you are signed in')
const signInHeading = (page: Page) => page.getByRole('heading', { name: 'Sign in' })

test('a new password replaces the old one and signs the other devices out', async ({
  page,
  device,
  admin,
}) => {
  const other = await device({ userAgent: FIREFOX })
  await enter(other, admin)
  await expect(other.getByRole('heading', { name: 'Today' })).toBeVisible()
  await stopClock(page)
  await enter(page, admin, '/settings')
  await expect(devices(page).getByRole('listitem')).toHaveCount(2)

  const password = card(page, 'Password')
  const current = password.getByLabel('Current password')
  const wanted = password.getByLabel('New password')
  await expect(password).toContainText('every other device of yours is signed out')
  await current.fill('not my password')
  await wanted.fill(NEW)
  await password.getByRole('button', { name: 'Change password' }).click()
  await expect(password).toContainText('This is not your password. Nothing was changed.')
  await expect(current).toBeFocused()
  await expect(current).toHaveValue('not my password')
  await expect(wanted).toHaveValue(NEW)
  await expect(devices(page).getByRole('listitem')).toHaveCount(2)

  await current.fill(admin.password)
  await wanted.fill('Password1234!')
  await password.getByRole('button', { name: 'Change password' }).click()
  await expect(wanted).toHaveAttribute('aria-invalid', 'true')
  await expect(wanted).toHaveValue('Password1234!')

  await wanted.fill(NEW)
  await password.getByRole('button', { name: 'Change password' }).click()
  await expect(toast(page, 'Password changed. Other devices are signed out.')).toBeVisible()
  await expect(current).toHaveValue('')
  await expect(wanted).toHaveValue('')
  await expect(devices(page).getByRole('listitem')).toHaveCount(1)

  // The other device notices by itself.
  await expect(signInHeading(other)).toBeVisible()
  await trySignIn(other, admin.username, admin.password)
  await expect(other.getByText('Username and password do not match.')).toBeVisible()
  await trySignIn(other, admin.username, NEW)
  await expect(other.getByRole('heading', { name: 'Today' })).toBeVisible()

  await page.reload()
  await expect(page.getByRole('heading', { name: 'Settings' })).toBeVisible()
})

test('a device that is signed out from another one is out at once', async ({
  page,
  device,
  viewer,
}) => {
  const other = await device({ userAgent: FIREFOX })
  await enter(other, viewer)
  await expect(other.getByRole('heading', { level: 1 })).toBeVisible()
  await stopClock(page)
  await enter(page, viewer, '/settings')

  const items = devices(page).getByRole('listitem')
  await expect(items).toHaveCount(2)
  await expect(items.first()).toContainText('Chrome on Linux')
  await expect(items.first()).toContainText('This device')
  await expect(items.first().getByRole('button')).toHaveCount(0)
  await expect(items.last()).toContainText('127.0.0.1')
  await expect(items.last()).toContainText(/Active (just now|1 min ago)/)
  await items.last().getByRole('button', { name: 'Sign out Firefox on Linux' }).click()
  await expect(toast(page, 'Firefox on Linux is signed out.')).toBeVisible()
  await expect(items).toHaveCount(1)
  await expect(devices(page)).toContainText('You are signed in nowhere else.')
  await expect(page.getByRole('heading', { name: 'Where you are signed in' })).toBeFocused()

  await expect(signInHeading(other)).toBeVisible()
})

test('all the others are signed out together', async ({ page, device, viewer }) => {
  const others = [await device({ userAgent: FIREFOX }), await device({ userAgent: PHONE })]
  for (const other of others) await enter(other, viewer)
  await enter(page, viewer, '/settings')
  await expect(devices(page).getByRole('listitem')).toHaveCount(3)
  await expect(devices(page)).toContainText('Safari on iPhone')

  await page.route('**/api/v1/me/sessions', (route) => route.abort())
  await devices(page).getByRole('button', { name: 'Sign out all others' }).click()
  await expect(devices(page).getByRole('alert')).toContainText('may still be signed in')
  await expect(devices(page).getByRole('listitem')).toHaveCount(3)

  await page.unroute('**/api/v1/me/sessions')
  await devices(page).getByRole('button', { name: 'Sign out all others' }).click()
  await expect(devices(page).getByRole('listitem')).toHaveCount(1)
  for (const other of others) await expect(signInHeading(other)).toBeVisible()
  await page.reload()
  await expect(devices(page).getByRole('listitem')).toHaveCount(1)
})

test('a list that does not come can be asked for again', async ({ page, viewer }) => {
  // The refusal is the server's own and final, so that nothing but the button asks again.
  const refusal = {
    status: 400,
    contentType: 'application/problem+json',
    body: JSON.stringify({ status: 400, code: 'invalid', request_id: 'f00' }),
  }
  await page.route('**/api/v1/me/sessions', (route) => route.fulfill(refusal), { times: 1 })
  await enter(page, viewer, '/settings')
  const alert = page.getByRole('alert')
  await expect(alert).toContainText('Your devices could not be loaded')
  await alert.getByRole('button', { name: 'Try again' }).click()
  await expect(devices(page).getByRole('listitem')).toHaveCount(1)
})

test('the settings cost at most four requests and a stream', async ({ page, admin }) => {
  const asked: string[] = []
  page.on('request', (request) => {
    const { pathname } = new URL(request.url())
    if (pathname.startsWith('/api/') && !pathname.endsWith('/events')) asked.push(pathname)
  })
  // Later requests, once everything is shown, are not counted.
  await stopClock(page)
  await enter(page, admin, '/settings')
  await expect(devices(page).getByRole('listitem')).toHaveCount(1)
  await expect(page.getByText(/^Loading/)).toHaveCount(0)
  expect(asked.length, asked.join(' ')).toBeLessThanOrEqual(4)
})

test('five wrong passwords lock the name, and the page says for how long', async ({
  page,
  device,
  viewer,
}) => {
  const inside = await device()
  await enter(inside, viewer, '/settings')
  await page.goto('/sign-in')
  for (let attempt = 1; attempt <= 5; attempt += 1) {
    await trySignIn(page, viewer.username, `guess ${attempt}`)
    await expect(page.getByText('Username and password do not match.')).toBeVisible()
  }
  await trySignIn(page, viewer.username, viewer.password)
  await expect(page.getByRole('alert')).toContainText(
    'Too many sign-ins failed. Wait 30 minutes, or ask an admin to unlock it.',
  )
  await expect(page.getByLabel('Username')).toHaveValue(viewer.username)

  // An open session goes on despite the lock.
  await inside.reload()
  await expect(inside.getByRole('heading', { name: 'Settings' })).toBeVisible()
})
