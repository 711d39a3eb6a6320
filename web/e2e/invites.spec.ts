// Registration: open to all, with an invitation, or not at all.
import {
  type Account,
  type Client,
  endSession,
  enter,
  expect,
  type Page,
  secret,
  stopClock,
  test,
} from './support/test'

type Mode = 'open' | 'invite' | 'closed'

async function setRegistration(client: Client, registration: Mode): Promise<void> {
  expect((await client.send('PATCH', '/admin/settings', { registration })).status()).toBe(200)
}

test.afterEach(async ({ client }) => {
  await setRegistration(client, 'open')
})

async function register(page: Page, { username, password }: Account): Promise<void> {
  await page.getByLabel('Username').fill(username)
  await page.getByLabel('Password', { exact: true }).fill(password)
  await page.getByRole('checkbox', { name: /privacy policy/ }).check()
  await page.getByRole('button', { name: 'Create account' }).click()
}

test('an invitation lets in as many as it says, and no more', async ({
  page,
  device,
  admin,
  client,
}) => {
  await setRegistration(client, 'invite')
  await enter(page, admin, '/admin/invites')
  await page.getByRole('button', { name: 'Create an invitation' }).click()
  const creating = page.getByRole('dialog', { name: 'Create an invitation' })
  await creating.getByLabel('For how many people').fill('0')
  await creating.getByRole('button', { name: 'Create invitation' }).click()
  await expect(creating).toContainText('Type a number from 1 to 100.')
  await creating.getByLabel('For how many people').fill('1')
  await creating.getByLabel('It works for').selectOption('a day')
  await creating.getByRole('button', { name: 'Create invitation' }).click()
  const link = await secret(page, 'Link')
  const code = await secret(page, 'Code')
  expect(link).toContain(`/register?invite=${code}`)
  await page.getByRole('button', { name: 'I have passed it on' }).click()
  await expect(page.getByRole('table', { name: 'Invitations' })).toContainText('0 of 1')

  const theirs = await device()
  await theirs.goto(link)
  await expect(theirs).toHaveURL('/register')
  await expect(theirs.getByLabel('Invitation code')).toHaveValue(code)
  await register(theirs, { username: `guest-${admin.username}`, password: admin.password })
  await expect(theirs.getByRole('button', { name: 'Sign out' })).toBeVisible()

  const late = await device()
  await late.goto(link)
  await register(late, { username: `late-${admin.username}`, password: admin.password })
  await expect(late.getByText('This invitation does not work, or no longer does.')).toBeVisible()
  await expect(late.getByLabel('Invitation code')).toBeFocused()
  await expect(late.getByLabel('Username')).toHaveValue(`late-${admin.username}`)

  await page.reload()
  await expect(page.getByRole('table', { name: 'Invitations' })).toContainText('1 of 1')
})

test('an invitation that is revoked lets nobody in', async ({ page, device, admin, client }) => {
  await setRegistration(client, 'invite')
  const expires_at = new Date(Date.now() + 3_600_000).toISOString()
  const made = await client.send('POST', '/admin/invites', {
    role: 'viewer',
    expires_at,
    max_uses: 5,
  })
  const { url } = (await made.json()) as { url: string }
  await enter(page, admin, '/admin/invites')
  await page.getByRole('button', { name: `Revoke the invitation of ${admin.username}` }).click()
  const asking = page.getByRole('dialog', { name: 'Revoke this invitation' })
  await expect(asking).toContainText('can no longer register')
  await asking.getByRole('button', { name: 'Revoke it' }).click()
  await expect(asking).toBeHidden()

  const theirs = await device()
  await theirs.goto(url)
  await register(theirs, { username: `no-${admin.username}`, password: admin.password })
  await expect(theirs.getByText('This invitation does not work, or no longer does.')).toBeVisible()
})

test('the page asks for what the server wants: a code, or nothing at all', async ({
  page,
  client,
}) => {
  await setRegistration(client, 'invite')
  await page.goto('/register')
  await expect(page.getByText('This server is for those who were invited.')).toBeVisible()
  await expect(page.getByLabel('Invitation code')).toHaveValue('')

  await setRegistration(client, 'closed')
  await page.goto('/register?invite=whatever')
  await expect(page.getByText('Nobody can register here by themselves.')).toBeVisible()
  await expect(page.getByRole('button', { name: 'Create account' })).toHaveCount(0)
  await page.goto('/sign-in')
  await expect(page.getByRole('link', { name: 'Create an account' })).toHaveCount(0)

  await setRegistration(client, 'open')
  await page.goto('/register')
  await expect(page.getByLabel('Username')).toBeVisible()
  await expect(page.getByLabel('Invitation code')).toHaveCount(0)
})

test('a choice survives an expired session', async ({ page, admin }) => {
  // Only the press of the button can notice that the session has ended.
  await stopClock(page)
  await enter(page, admin, '/admin/invites')
  await page.getByRole('button', { name: 'Create an invitation' }).click()
  const creating = page.getByRole('dialog', { name: 'Create an invitation' })
  await creating.getByLabel('For how many people').fill('17')
  await endSession(page)
  await creating.getByRole('button', { name: 'Create invitation' }).click()
  await expect(page.getByText('Your session has ended.')).toBeVisible()
  await page.getByLabel('Username').fill(admin.username)
  await page.getByLabel('Password', { exact: true }).fill(admin.password)
  await page.getByRole('button', { name: 'Sign in' }).click()
  await expect(creating.getByLabel('For how many people')).toHaveValue('17')
})
