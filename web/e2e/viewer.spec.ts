// A second person watches: they see every entry, and can change nothing.
import {
  card,
  Client,
  enter,
  expect,
  forgetZone,
  pressLevels,
  stopClock,
  test,
} from './support/test'

test.beforeEach(async ({ client, viewer }) => {
  await client.share(viewer)
})

test('a viewer sees what an admin logs, and no control that would write', async ({
  page,
  admin,
  viewer,
  device,
}) => {
  const watching = await device()
  await enter(watching, viewer, `/people/${admin.username}`)
  await expect(card(watching, 'Water')).toContainText('Never')
  await expect(watching.getByRole('slider')).toHaveCount(0)
  await expect(watching.getByRole('button', { name: /^Log/ })).toHaveCount(0)
  await expect(watching.getByRole('button', { name: 'Other' })).toHaveCount(0)

  await enter(page, admin)
  await page.getByRole('button', { name: 'Log 500 ml' }).click()
  await expect(card(page, 'Water')).toContainText('500 ml of 2,000 ml today')
  await pressLevels(page, '9')
  await expect(card(page, 'Altitude')).toContainText('High')
  await expect(card(watching, 'Water')).toContainText('500 ml of 2,000 ml today')
  await expect(card(watching, 'Altitude')).toContainText('High')
  await watching.keyboard.press('1')
  await watching.getByRole('link', { name: 'All entries' }).click()
  await expect(watching.getByText('That is everything.')).toBeVisible()
  await expect(watching.getByRole('button', { name: /^(Edit|Delete|Add)/ })).toHaveCount(0)
  await expect(watching.getByText('9 · High')).toBeVisible()
  await expect(watching.getByText('1 · Very low')).toBeHidden()
})

test('a viewer chooses among the people', async ({ page, server, viewer, admin, request }) => {
  const other = await server.createUser(`other-${admin.username}`, 'admin', admin.password)
  const client = await Client.signIn(request, other)
  await client.share(viewer)
  await client.log({ metric: 'altitude', value: 6 })
  await enter(page, viewer)
  await expect(page.getByRole('heading', { name: 'People' })).toBeVisible()
  await page.getByRole('link', { name: new RegExp(`^${other.username}`) }).click()
  await expect(page).toHaveURL(`/people/${other.username}`)
  await expect(card(page, 'Altitude')).toContainText('Steady')
})

test('a zone that the browser does not know is told, and its times are in UTC', async ({
  page,
  admin,
  viewer,
  client,
  request,
}) => {
  const zone = 'America/Santiago'
  await client.send('PATCH', '/me', { time_zone: zone })
  const { at } = await client.log({ metric: 'water', value: 330, at: new Date().toISOString() })
  const reader = await Client.signIn(request, viewer)
  await reader.send('PATCH', '/me', { time_zone: 'UTC' })
  await forgetZone(page, zone)
  await enter(page, viewer, `/people/${admin.username}`)
  await expect(page.getByText('Times are in UTC')).toContainText(
    `does not know ${admin.username}’s time zone (Santiago).`,
  )
  await expect(card(page, 'The day so far')).toContainText(at.slice(11, 16))

  await enter(page, admin, '/history')
  await expect(page.getByText('Times are in UTC')).toContainText('your time zone (Santiago).')
  await page.getByRole('button', { name: 'Add an entry' }).click()
  await expect(page.getByLabel('Time', { exact: true })).toHaveAccessibleDescription(
    'UTC, since this browser does not know the time in Santiago',
  )
})

test('a write of a viewer is refused by the server itself', async ({
  page,
  viewer,
  admin,
  client,
}) => {
  const entry = await client.log({ metric: 'water', value: 250 })
  await enter(page, viewer)
  await expect(page.getByRole('button', { name: 'Sign out' })).toBeVisible()
  // The requests come from within the page, same origin and with the session's cookie, as a script in it would send
  // them.
  const statuses = await page.evaluate(async (id) => {
    const send = async (method: string, path: string, body?: unknown) => {
      const answer = await fetch(`/api/v1${path}`, {
        method,
        headers: { 'content-type': 'application/json' },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      })
      return answer.status
    }
    return [
      await send('POST', '/entries', { metric: 'water', value: 250 }),
      await send('PATCH', `/entries/${id}`, { value: 100 }),
      await send('DELETE', `/entries/${id}`),
      await send('POST', `/entries/${id}/restore`),
    ]
  }, entry.id)
  expect(statuses).toEqual([403, 403, 403, 403])
  await expect.poll(() => client.entries()).toMatchObject([{ id: entry.id, value: 250 }])
  expect(admin.username).not.toBe(viewer.username)
})

test('a viewer’s dashboard costs at most three requests and a stream', async ({
  page,
  viewer,
  client,
  admin,
}) => {
  await client.log({ metric: 'water', value: 250 })
  const asked: string[] = []
  page.on('request', (request) => {
    const { pathname } = new URL(request.url())
    if (pathname.startsWith('/api/') && !pathname.endsWith('/events')) asked.push(pathname)
  })
  // Later requests, once everything is shown, are not counted.
  await stopClock(page)
  await enter(page, viewer, `/people/${admin.username}`)
  await expect(card(page, 'The day so far').getByRole('listitem')).toHaveCount(1)
  await expect(page.getByText('Live', { exact: true })).toBeVisible()
  expect(asked.length, asked.join(' ')).toBeLessThanOrEqual(3)
})

test('an admin at the address of somebody else finds the way back to their own', async ({
  page,
  admin,
  server,
}) => {
  const other = await server.createUser('another-admin', 'admin', admin.password)
  for (const path of [other.username, `${other.username}/history`, 'nobody-at-all']) {
    await enter(page, admin, `/people/${path}`)
    await expect(page.getByRole('heading', { name: 'You cannot see this person' })).toBeVisible()
    const pages = page.getByRole('navigation', { name: 'Pages' })
    await expect(pages.getByRole('link')).toHaveText([
      'Today',
      'History',
      'Sharing',
      'Manage',
      'Settings',
    ])
  }
})

test('somebody who is not there, or not to be seen, looks the same', async ({ page, viewer }) => {
  await enter(page, viewer, '/people/nobody-at-all')
  await expect(page.getByRole('heading', { name: 'You cannot see this person' })).toBeVisible()
})
