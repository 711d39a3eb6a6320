// Accounts as an admin manages them, and accidents that the page prevents.
import {
  card,
  Client,
  endSession,
  enter,
  expect,
  type Page,
  secret,
  stopClock,
  test,
  toast,
  trySignIn,
} from './support/test'

const OWN = 'Wide-Meadow-38-swallows'
const heading = (page: Page, name: string) => page.getByRole('heading', { level: 1, name })
const dialog = (page: Page, name: string | RegExp) => page.getByRole('dialog', { name })

test('an account is made with a temporary password, and its owner chooses their own', async ({
  page,
  device,
  admin,
}) => {
  const username = `new-${admin.username}`
  await enter(page, admin)
  await page
    .getByRole('navigation', { name: 'Pages' })
    .getByRole('link', { name: 'Manage' })
    .click()
  await expect(heading(page, 'Users')).toBeVisible()
  await page.getByRole('button', { name: 'Create a user' }).click()
  const creating = dialog(page, 'Create a user')
  await creating.getByLabel('Username').fill(admin.username)
  await creating.getByRole('button', { name: 'Create user' }).click()
  await expect(creating).toContainText('This username is taken.')
  await creating.getByLabel('Username').fill(username)
  await creating.getByLabel('Display name').fill('The new one')
  await creating.getByRole('button', { name: 'Create user' }).click()
  const temporary = await secret(page, 'Temporary password')
  await page.getByRole('button', { name: 'I have passed it on' }).click()
  await expect(page.getByRole('table', { name: 'Users' })).toContainText('The new one')
  await expect(page.getByLabel('Temporary password')).toHaveCount(0)

  const theirs = await device()
  await theirs.goto('/settings')
  await trySignIn(theirs, username, temporary)
  await expect(heading(theirs, 'Choose your password')).toBeVisible()
  await expect(theirs.getByLabel('Temporary password')).toHaveCount(0)
  await theirs.getByLabel('New password').fill('Password1234!')
  await theirs.getByRole('button', { name: 'Set the password' }).click()
  await expect(theirs.getByLabel('New password')).toHaveAttribute('aria-invalid', 'true')
  // The password is asked for again only once this page no longer has it.
  await theirs.goto('/history')
  await expect(heading(theirs, 'Choose your password')).toBeVisible()
  await theirs.getByLabel('Temporary password').fill(temporary)
  await theirs.getByLabel('New password').fill(OWN)
  await theirs.getByRole('button', { name: 'Set the password' }).click()
  // An account that an admin made has accepted nothing yet.
  await expect(heading(theirs, 'Before you go on')).toBeVisible()
  await theirs.getByRole('checkbox', { name: /privacy policy/ }).check()
  await theirs.getByRole('button', { name: 'Accept and go on' }).click()
  await expect(theirs.getByRole('navigation', { name: 'Pages' })).toBeVisible()
  await expect(theirs).not.toHaveURL(/sign-in/)
})

test('role and access are changed at once and can be undone', async ({ page, admin, viewer }) => {
  await stopClock(page)
  await enter(page, admin, `/admin/users/${viewer.username}`)
  const role = card(page, 'Role')
  await expect(role).toContainText('Viewer')
  await role.getByRole('button', { name: 'Make them an admin' }).click()
  await expect(role).toContainText('Admin, who logs and manages this server.')
  await toast(page, 'is an admin now').getByRole('button', { name: 'Undo' }).click()
  await expect(role).toContainText('Viewer, who watches.')

  await role.getByRole('button', { name: 'Disable the account' }).click()
  await expect(role).toContainText('nobody can sign in with it')
  const refused = await page.request.post('/api/v1/auth/token', { data: viewer })
  expect(refused.status()).toBe(401)
  await role.getByRole('button', { name: 'Enable the account' }).click()
  await expect(role).not.toContainText('nobody can sign in with it')
})

test('a locked name is shown with its end, and let in again', async ({ page, admin, viewer }) => {
  for (let attempt = 0; attempt < 6; attempt += 1) {
    await page.request.post('/api/v1/auth/token', {
      data: { username: viewer.username, password: `guess ${attempt}` },
    })
  }
  await enter(page, admin, `/admin/users/${viewer.username}`)
  const access = card(page, 'Signing in')
  await expect(access).toContainText(/Locked until \d+ \w+ \d{4} at|Locked until \d+ \w+ \d{4},/)
  await access.getByRole('button', { name: 'Unlock now' }).click()
  await expect(access).toContainText('Not locked.')
  await expect(page.getByRole('heading', { name: 'Signing in' })).toBeFocused()
  expect((await page.request.post('/api/v1/auth/token', { data: viewer })).status()).toBe(200)
})

test('a reset password is replaced by a temporary one, and everything is signed out', async ({
  page,
  device,
  admin,
  viewer,
}) => {
  const theirs = await device()
  await enter(theirs, viewer, '/settings')
  await expect(heading(theirs, 'Settings')).toBeVisible()
  await enter(page, admin, `/admin/users/${viewer.username}`)
  await expect(card(page, 'Where they are signed in').getByRole('listitem')).toHaveCount(1)

  await page.getByRole('button', { name: 'Reset the password' }).click()
  const asking = dialog(page, `Reset the password of ${viewer.username}`)
  await expect(asking).toContainText('signed out everywhere')
  await asking.getByRole('button', { name: 'Reset the password' }).click()
  const temporary = await secret(page, 'Temporary password')
  await page.getByRole('button', { name: 'I have passed it on' }).click()
  await expect(card(page, 'Where they are signed in')).toContainText('Nowhere.')

  await theirs.reload()
  await expect(heading(theirs, 'Sign in')).toBeVisible()
  await trySignIn(theirs, viewer.username, temporary)
  await expect(heading(theirs, 'Choose your password')).toBeVisible()
  await theirs.getByRole('button', { name: 'Sign out' }).click()
  await expect(heading(theirs, 'Sign in')).toBeVisible()
})

test('sessions are ended from here, and the second factor removed', async ({
  page,
  device,
  admin,
  viewer,
}) => {
  const theirs = await device()
  await enter(theirs, viewer, '/settings')
  await expect(heading(theirs, 'Settings')).toBeVisible()
  await enter(page, admin, `/admin/users/${viewer.username}`)
  await page.getByRole('button', { name: 'Sign them out everywhere' }).click()
  const asking = dialog(page, `Sign ${viewer.username} out everywhere`)
  await expect(asking).toContainText('every API token of theirs ends for good')
  await asking.getByRole('button', { name: 'Sign them out' }).click()
  await expect(card(page, 'Where they are signed in')).toContainText('Nowhere.')
  await theirs.reload()
  await expect(heading(theirs, 'Sign in')).toBeVisible()

  await page.getByRole('button', { name: 'Remove the second factor' }).click()
  const removing = dialog(page, `Remove the second factor of ${viewer.username}`)
  await expect(removing).toContainText('the password alone')
  await removing.getByRole('button', { name: 'Remove it' }).click()
  await expect(removing).toBeHidden()
})

test('deleting wants the name typed', async ({ page, admin, viewer }) => {
  await enter(page, admin, `/admin/users/${viewer.username}`)
  await page.getByRole('button', { name: `Delete ${viewer.username}` }).click()
  const asking = dialog(page, `Delete ${viewer.username}`)
  await asking.getByLabel('Type the username to go on').fill('somebody else')
  await asking.getByRole('button', { name: 'Delete for good' }).click()
  await expect(asking).toContainText(`Type “${viewer.username}” to delete it.`)
  await asking.getByLabel('Type the username to go on').fill(viewer.username)
  await asking.getByRole('button', { name: 'Delete for good' }).click()
  await expect(page).toHaveURL('/admin/users')
  await expect(heading(page, 'Users')).toBeVisible()
  expect((await page.request.post('/api/v1/auth/token', { data: viewer })).status()).toBe(401)
})

test('the end of a deletion is for the admin who asked, and moves nobody else', async ({
  page,
  admin,
  viewer,
  server,
}) => {
  const other = await server.createUser(`next-${admin.username}`, 'admin', admin.password)
  // The page waits for the answer for as long as the next one takes to sign in.
  await stopClock(page)
  await enter(page, admin, `/admin/users/${viewer.username}`)
  let answer = (): void => undefined
  const gate = new Promise<void>((resolve) => (answer = resolve))
  await page.route('**/api/v1/admin/users/*', async (route) => {
    if (route.request().method() !== 'DELETE') return route.fallback()
    const response = await route.fetch()
    await gate
    await route.fulfill({ response })
  })
  await page.getByRole('button', { name: `Delete ${viewer.username}` }).click()
  const asking = dialog(page, `Delete ${viewer.username}`)
  await asking.getByLabel('Type the username to go on').fill(viewer.username)
  const sent = page.waitForRequest((request) => request.method() === 'DELETE')
  await asking.getByRole('button', { name: 'Delete for good' }).click()
  await sent
  await page.keyboard.press('Escape')
  await page.getByRole('button', { name: 'Sign out' }).click()
  await trySignIn(page, other.username, other.password)
  await expect(heading(page, 'Today')).toBeVisible()
  const answered = page.waitForResponse((response) => response.request().method() === 'DELETE')
  answer()
  await (await answered).finished()
  await page.getByRole('navigation').getByRole('link', { name: 'History' }).click()
  await expect(heading(page, 'History')).toBeVisible()
  await expect(page).toHaveURL('/history')
  await expect(page.getByText(`${viewer.username} is deleted.`)).toBeHidden()
})

test('the last admin stays, and the page says why', async ({ page, admin, request }) => {
  // Every test makes an admin; this one needs a server with only one.
  const client = await Client.signIn(request, admin)
  let cursor: string | null = ''
  while (cursor !== null) {
    const after = cursor === '' ? '' : `&cursor=${cursor}`
    const answer = await client.send('GET', `/admin/users?limit=100${after}`)
    const { items, next_cursor } = (await answer.json()) as {
      items: { username: string; role: string }[]
      next_cursor: string | null
    }
    for (const { username, role } of items) {
      if (role !== 'admin' || username === admin.username) continue
      const demoted = await client.send('PATCH', `/admin/users/${username}`, { role: 'viewer' })
      expect(demoted.status()).toBe(200)
    }
    cursor = next_cursor
  }
  await enter(page, admin, `/admin/users/${admin.username}`)
  await card(page, 'Role').getByRole('button', { name: 'Make yourself a viewer' }).click()
  const asking = dialog(page, 'Give up your role')
  await expect(asking).toContainText('Only another admin can undo that.')
  await asking.getByRole('button', { name: 'Become a viewer' }).click()
  await expect(asking).toContainText('This is the last admin')
  await asking.getByRole('button', { name: 'Cancel' }).click()

  await page.getByRole('button', { name: `Delete ${admin.username}` }).click()
  const deleting = dialog(page, `Delete ${admin.username}`)
  await deleting.getByLabel('Type the username to go on').fill(admin.username)
  await deleting.getByRole('button', { name: 'Delete for good' }).click()
  await expect(deleting).toContainText('This is the last admin')
})

test('a viewer has no way in, and nothing of it is fetched', async ({ page, viewer }) => {
  const scripts: string[] = []
  page.on('request', (request) => {
    if (request.resourceType() === 'script') scripts.push(request.url())
  })
  await enter(page, viewer, '/admin/users')
  await expect(heading(page, 'There is nothing here')).toBeVisible()
  await expect(page.getByRole('link', { name: 'Manage' })).toHaveCount(0)
  expect(scripts.filter((url) => url.includes('Manage'))).toEqual([])
})

test('a form keeps what was typed through an expired session', async ({ page, admin }) => {
  // Only the press of the button can notice that the session has ended.
  await stopClock(page)
  await enter(page, admin, '/admin/users')
  await page.getByRole('button', { name: 'Create a user' }).click()
  const creating = dialog(page, 'Create a user')
  await creating.getByLabel('Username').fill('somebody-new')
  await creating.getByLabel('Display name').fill('שם חדש')
  await endSession(page)
  await creating.getByRole('button', { name: 'Create user' }).click()
  await expect(page.getByText('Your session has ended.')).toBeVisible()
  await trySignIn(page, admin.username, admin.password)
  await expect(page).toHaveURL('/admin/users')
  await expect(creating.getByLabel('Username')).toHaveValue('somebody-new')
  await expect(creating.getByLabel('Display name')).toHaveValue('שם חדש')
})
