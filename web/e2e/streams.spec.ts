// One stream serves all tabs of a browser, and no tab misses or doubles an event, whichever of them closes. A page
// makes few requests: one as it begins, none while nothing happens.
import { type Account, card, enter, expect, type Page, stopClock, test } from './support/test'

const live = (page: Page) => page.getByRole('main').getByText('Live', { exact: true })
const rows = (page: Page) => card(page, 'The day so far').getByRole('listitem')

/** Requests of the pages of a browser to the API, by path. */
function asked(page: Page): string[] {
  const paths: string[] = []
  page.context().on('request', (request) => {
    const { pathname } = new URL(request.url())
    if (pathname.startsWith('/api/')) paths.push(`${request.method()} ${pathname.slice(7)}`)
  })
  return paths
}

/** Opens so many tabs. Where their clock is stopped, none takes the stream from another because that was slow. */
async function tabs(page: Page, account: Account, count: number, path = '/'): Promise<Page[]> {
  await enter(page, account, path)
  const all = [page]
  while (all.length < count) {
    const next = await page.context().newPage()
    await next.goto(path)
    all.push(next)
  }
  return all
}

test('seven tabs draw, all hear of a change, and one stream is open', async ({
  page,
  admin,
  client,
}) => {
  const paths = asked(page)
  await stopClock(page)
  const all = await tabs(page, admin, 7)
  for (const tab of all) await expect(live(tab)).toBeVisible()
  await client.log({ metric: 'water', value: 250 })
  for (const tab of all) {
    await expect(card(tab, 'Water')).toContainText('250 ml of')
    await expect(rows(tab)).toHaveCount(1)
  }
  expect(paths.filter((path) => path.endsWith('/events'))).toHaveLength(1)
  await all[6]?.getByRole('button', { name: 'Log 500 ml' }).click()
  for (const tab of all) {
    await expect(card(tab, 'Water')).toContainText('750 ml of')
    await expect(rows(tab)).toHaveCount(2)
  }
})

test('the tab that held the stream is closed, and the next change arrives', async ({
  page,
  admin,
  client,
}) => {
  await stopClock(page)
  const [first, ...others] = await tabs(page, admin, 3)
  if (!first) throw new Error('no tab')
  for (const tab of [first, ...others]) await expect(live(tab)).toBeVisible()
  await client.log({ metric: 'water', value: 250 })
  for (const tab of others) await expect(rows(tab)).toHaveCount(1)
  const again = first
    .context()
    .waitForEvent('request', (request) => request.url().endsWith('/events'))
  await first.close()
  // The stream resumes after its last event.
  expect((await again).headers()['last-event-id']).toBeTruthy()
  await client.log({ metric: 'water', value: 100 })
  await client.log({ metric: 'altitude', value: 8 })
  for (const tab of others) {
    await expect(card(tab, 'Water')).toContainText('350 ml of')
    await expect(rows(tab)).toHaveCount(3)
    await expect(card(tab, 'Altitude')).toContainText('Bright')
  }
})

test('a share that ends is told in every tab, and who watches is right', async ({
  page,
  device,
  admin,
  viewer,
  client,
}) => {
  await client.share(viewer)
  const person = await device()
  await enter(person, admin, '/sharing')
  const path = `/people/${admin.username}`
  await stopClock(page)
  const all = await tabs(page, viewer, 3, path)
  for (const tab of all) await expect(live(tab)).toBeVisible()
  const share = person.getByRole('listitem').filter({ hasText: viewer.username }).first()
  await expect(share).toContainText('Watching now')
  const [first, ...others] = all
  await first?.close()
  for (const tab of others) await expect(live(tab)).toBeVisible()
  await expect(share).toContainText('Watching now')
  await client.send('DELETE', `/me/shares/${viewer.username}`)
  for (const tab of others) {
    await expect(tab.getByRole('heading', { name: 'No longer shared with you' })).toBeVisible()
  }
})

test('tabs that follow different people and the list open few streams, and all draw', async ({
  page,
  server,
  admin,
  viewer,
  client,
}) => {
  await client.share(viewer)
  const paths = [`/people/${admin.username}`]
  for (const n of [1, 2, 3, 4]) {
    const other = await server.createUser(`other-${n}-${admin.username}`, 'admin', admin.password)
    const signedIn = await page.request.post('/api/v1/auth/login', { data: other })
    expect(signedIn.status()).toBe(200)
    const shared = await page.request.patch(`/api/v1/me/shares/${viewer.username}`, {
      data: { state: 'approved' },
      headers: { origin: server.baseURL },
    })
    expect(shared.status()).toBe(200)
    paths.push(`/people/${other.username}`)
  }
  await enter(page, viewer, '/')
  await expect(page.getByRole('heading', { name: 'People' })).toBeVisible()
  for (const path of [...paths, ...paths]) {
    const tab = await page.context().newPage()
    await tab.goto(path)
    await expect(card(tab, 'Water')).toContainText('Never')
    await expect(tab.getByText(/^(Live|Updating every 30 s)$/)).toBeVisible()
  }
})

test('a page begins with one request, and asks for nothing while nothing happens', async ({
  page,
  admin,
  client,
}) => {
  await client.log({ metric: 'water', value: 250 })
  const paths = asked(page)
  await stopClock(page)
  await enter(page, admin)
  await expect(live(page)).toBeVisible()
  await expect(rows(page)).toHaveCount(1)
  await expect(card(page, 'Water')).toContainText('250 ml of')
  const events = `GET /people/${admin.username}/events`
  expect(paths.filter((path) => path !== 'POST /auth/login')).toEqual(['GET /start', events])
  paths.length = 0
  // The server's signs of life come in real time. The page waits 40 seconds for one; here it gets an event.
  await page.clock.runFor(35_000)
  await client.log({ metric: 'water', value: 100 })
  await expect(rows(page)).toHaveCount(2)
  await page.clock.runFor(35_000)
  await expect(live(page)).toBeVisible()
  expect(paths).toEqual([])

  await page.getByRole('button', { name: 'Log 150 ml' }).click()
  await expect(rows(page)).toHaveCount(3)
  await page.getByRole('button', { name: 'Log 500 ml' }).click()
  await expect(rows(page)).toHaveCount(4)
  await page.clock.runFor(5_000)
  expect(paths).toEqual(['POST /entries', 'POST /entries'])
})

test('the list of people begins with one request as well', async ({
  page,
  admin,
  viewer,
  client,
}) => {
  await client.share(viewer)
  const paths = asked(page)
  await stopClock(page)
  await enter(page, viewer, `/people/${admin.username}`)
  await expect(live(page)).toBeVisible()
  await expect(card(page, 'The day so far')).toContainText('Nothing logged today.')
  const own = paths.filter((path) => path !== 'POST /auth/login')
  expect(own).toEqual(['GET /start', `GET /people/${admin.username}/events`])
})
