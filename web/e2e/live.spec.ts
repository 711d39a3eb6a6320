// Two windows, one person: every change in one is seen in the other without a reload, through cut networks, proxies
// that let no stream through, and hidden pages.
import { ago, hide, MINUTE, rows, says, watch, watchWithHistory } from './support/live'
import {
  card,
  Client,
  enter,
  expect,
  type Page,
  pressLevels,
  runUntilAsked,
  stopClock,
  test,
} from './support/test'

const EVENTS = '**/api/v1/**/events'
/** The request of a page that has no stream. */
const PEOPLE = '**/api/v1/people?*'

/** The page's requests from now on, except streams and its check of the server every minute. */
function requests(page: Page): string[] {
  const asked: string[] = []
  page.on('request', (request) => {
    const { pathname } = new URL(request.url())
    const expected = pathname.endsWith('/events') || pathname === '/api/v1/instance'
    if (pathname.startsWith('/api/') && !expected) asked.push(pathname)
  })
  return asked
}

test.beforeEach(async ({ client, viewer }) => {
  await client.share(viewer)
})

test('a new entry is on the dashboard, in the history and in the list at once', async ({
  page,
  admin,
  viewer,
  server,
  request,
  device,
}) => {
  const other = await server.createUser(`other-${admin.username}`, 'admin', admin.password)
  await (await Client.signIn(request, other)).share(viewer)
  await watch(page, admin)
  const [dashboard, chooser] = [await device(), await device()]
  const history = await watchWithHistory(dashboard, device, viewer, admin)
  await watch(chooser, viewer)
  await expect(card(dashboard, 'The day so far')).toContainText('Nothing logged today.')
  await expect(says(history, 'Nothing has been logged.')).toBeVisible()
  const asked = [dashboard, history, chooser].map(requests)

  await page.getByRole('button', { name: 'Log 500 ml' }).click()
  await pressLevels(page, '9')

  await expect(card(dashboard, 'Water')).toContainText('500 ml of 2,000 ml today')
  await expect(card(dashboard, 'Altitude')).toContainText('High')
  await expect(card(dashboard, 'The day so far').getByRole('listitem')).toHaveCount(2)
  await expect(rows(history)).toHaveCount(2)
  await expect(rows(history).first()).toContainText('9 · High')
  const person = chooser.getByRole('link', { name: new RegExp(`^${admin.username}`) })
  await expect(person).toContainText('9 · High, just now')
  expect(asked).toEqual([[], [], []])
})

test('a filter of the history holds for what arrives', async ({ page, viewer, admin, client }) => {
  await watch(page, viewer, `/people/${admin.username}/history?metric=altitude`)
  await client.log({ metric: 'water', value: 250 })
  await client.log({ metric: 'altitude', value: 4 })
  await expect(rows(page)).toHaveCount(1)
  await expect(rows(page)).toContainText('4 · Flat')
})

test('another device of the person follows every change, and counts nothing twice', async ({
  page,
  admin,
  client,
  device,
}) => {
  const old = await client.log({ metric: 'water', value: 300, at: ago(MINUTE) })
  const other = await device()
  await watch(page, admin)
  await watch(other, admin, '/history')
  await expect(rows(other)).toHaveCount(1)

  // Records each total that the page ever shows, so that none in between is wrong.
  await page.evaluate(() => {
    const totals: string[] = []
    Object.assign(window, { totals })
    const look = () => {
      const total = document.querySelector('[aria-labelledby=water] strong')?.textContent ?? ''
      if (totals.at(-1) !== total) totals.push(total)
    }
    look()
    new MutationObserver(look).observe(document.body, {
      subtree: true,
      childList: true,
      characterData: true,
    })
  })
  const cup = page.getByRole('button', { name: 'Log 150 ml' })
  await cup.click()
  await cup.click()
  await cup.click()
  await expect(rows(other)).toHaveCount(4)
  await expect(card(page, 'Water')).toContainText('750 ml of')

  await other.getByRole('button', { name: /^Edit 300 ml/ }).click()
  await other.getByRole('dialog').getByLabel('Amount (ml)').fill('400')
  await other.getByRole('dialog').getByRole('button', { name: 'Save' }).click()
  await expect(card(page, 'Water')).toContainText('850 ml of')
  await expect(card(page, 'The day so far')).toContainText('400 ml')
  await other.getByRole('button', { name: /^Delete 400 ml/ }).click()
  await expect(card(page, 'Water')).toContainText('450 ml of')
  await expect(card(page, 'The day so far').getByRole('listitem')).toHaveCount(3)
  await client.send('POST', `/entries/${old.id}/restore`)
  await expect(card(page, 'Water')).toContainText('850 ml of')
  await expect(rows(other)).toHaveCount(4)

  const totals = await page.evaluate(() => (window as unknown as { totals: string[] }).totals)
  expect(totals.map((total) => parseInt(total))).toEqual([300, 450, 600, 750, 850, 450, 850])
})

test('preferences changed on another device are taken over', async ({ page, admin, client }) => {
  await watch(page, admin)
  await client.send('PATCH', '/me', { daily_goal_ml: 1500, water_presets_ml: [111, 222, 333] })
  await expect(page.getByRole('button', { name: 'Log 222 ml' })).toBeVisible()
  await expect(card(page, 'Water')).toContainText('of 1,500 ml today')
  await client.send('PATCH', '/me', { unit: 'fl_oz' })
  await expect(card(page, 'Water')).toContainText('fl oz')
})

test('a cut network is said, and afterwards nothing is missing and nothing there twice', async ({
  page,
  context,
  admin,
  viewer,
  client,
}) => {
  await stopClock(page)
  await watch(page, viewer, `/people/${admin.username}`)
  const first = await client.log({ metric: 'water', value: 100, at: ago(MINUTE) })
  const day = card(page, 'The day so far').getByRole('listitem')
  await expect(day).toHaveCount(1)
  await context.setOffline(true)
  await expect(page.getByText('Offline, last heard just now')).toBeVisible()
  await client.log({ metric: 'water', value: 250 })
  await client.log({ metric: 'altitude', value: 3 })
  await client.send('DELETE', `/entries/${first.id}`)
  await expect(day).toHaveCount(1)
  const asked = requests(page)
  await context.setOffline(false)
  await expect(says(page, 'Live')).toBeVisible()
  await expect(card(page, 'Water')).toContainText('250 ml of 2,000 ml today')
  await expect(day).toHaveCount(2)
  await expect(card(page, 'The day so far')).not.toContainText('100 ml')
  // The stream itself brought the missed events.
  expect(asked).toEqual([])
})

test('a server that restarts is waited for', async ({ page, admin, viewer, client, server }) => {
  await stopClock(page)
  await watch(page, viewer, `/people/${admin.username}`)
  await server.stopApi()
  await expect(page.getByText('Reconnecting, last heard just now')).toBeVisible()
  await server.startApi()
  await client.log({ metric: 'water', value: 250 })
  await runUntilAsked(page, EVENTS)
  await expect(says(page, 'Live')).toBeVisible()
  await expect(card(page, 'Water')).toContainText('250 ml of 2,000 ml today')
})

for (const [how, block] of [
  ['refused', (page: Page) => page.route(EVENTS, (route) => route.abort())],
  ['held back', (page: Page) => page.route(EVENTS, () => new Promise<never>(() => undefined))],
  [
    'answered by something else',
    (page: Page) => page.route(EVENTS, (route) => route.fulfill({ body: 'Welcome' })),
  ],
] as const) {
  test(`where streams are ${how}, the page asks every 30 seconds`, async ({
    page,
    admin,
    viewer,
    client,
  }) => {
    await stopClock(page)
    await block(page)
    await enter(page, viewer, `/people/${admin.username}`)
    await expect(card(page, 'Water')).toContainText('Never')
    await runUntilAsked(page, PEOPLE)
    await expect(page.getByText('Updating every 30 s')).toBeVisible()
    await client.log({ metric: 'water', value: 250 })
    await runUntilAsked(page, PEOPLE)
    await expect(card(page, 'Water')).toContainText('250 ml of 2,000 ml today')
    await expect(card(page, 'The day so far').getByRole('listitem')).toHaveCount(1)

    await page.unroute(EVENTS)
    await runUntilAsked(page, EVENTS)
    await expect(says(page, 'Live')).toBeVisible()
  })
}

test('own entries count once while the page polls', async ({ page, admin }) => {
  await stopClock(page)
  await page.route(EVENTS, (route) => route.abort())
  await enter(page, admin)
  await expect(card(page, 'Water')).toContainText('Never')
  await runUntilAsked(page, PEOPLE)
  await expect(page.getByText('Updating every 30 s')).toBeVisible()
  await page.getByRole('button', { name: 'Log 250 ml' }).click()
  await expect(card(page, 'Water')).toContainText('250 ml of 2,000 ml today')
  await page.getByRole('button', { name: 'Undo' }).click()
  await expect(card(page, 'Water').getByText('0 ml', { exact: true })).toBeVisible()
  await expect(card(page, 'The day so far')).toContainText('Nothing logged today.')
})

test('a hidden page lets its stream go, and misses nothing when it is seen again', async ({
  page,
  admin,
  viewer,
  client,
}) => {
  await stopClock(page)
  await watch(page, viewer, `/people/${admin.username}`)
  await client.log({ metric: 'water', value: 100 })
  await expect(card(page, 'Water')).toContainText('100 ml of')
  const ended = page.waitForEvent('requestfailed', (request) => request.url().endsWith('/events'))
  await hide(page, true)
  await page.clock.runFor(16_000)
  await ended
  await client.log({ metric: 'water', value: 250 })
  await client.log({ metric: 'water', value: 350 })
  const again = page.waitForRequest(EVENTS)
  await hide(page, false)
  expect((await again).headers()['last-event-id']).toBeTruthy()
  await expect(card(page, 'Water')).toContainText('700 ml of 2,000 ml today')
  await expect(card(page, 'The day so far').getByRole('listitem')).toHaveCount(3)
  await expect(says(page, 'Live')).toBeVisible()
})

test('a session that is ended elsewhere leads to the sign-in at once', async ({
  page,
  admin,
  viewer,
  request,
}) => {
  await watch(page, viewer, `/people/${admin.username}`)
  const elsewhere = await Client.signIn(request, viewer)
  await elsewhere.send('DELETE', '/me/sessions')
  await expect(page.getByRole('heading', { name: 'Sign in' })).toBeVisible()
  expect(page.url()).toContain(encodeURIComponent(`/people/${admin.username}`))
})

test('an admin whose session is ended hears of it on every page', async ({
  page,
  admin,
  client,
}) => {
  const streaming = page.waitForResponse(EVENTS)
  await enter(page, admin, '/settings')
  await streaming
  await client.send('DELETE', '/me/sessions')
  await expect(page.getByRole('heading', { name: 'Sign in' })).toBeVisible()
})

test('times are the person’s, and the page says so', async ({
  page,
  admin,
  viewer,
  client,
  request,
}) => {
  await client.send('PATCH', '/me', { time_zone: 'Pacific/Auckland' })
  await (await Client.signIn(request, viewer)).send('PATCH', '/me', { time_zone: 'America/Lima' })
  const { at } = await client.log({ metric: 'water', value: 250 })
  const time = new Intl.DateTimeFormat('en-GB', {
    timeZone: 'Pacific/Auckland',
    hour: '2-digit',
    minute: '2-digit',
  }).format(new Date(at))
  for (const path of ['', '/history']) {
    await watch(page, viewer, `/people/${admin.username}${path}`)
    await expect(page.getByText(/time zone \(Auckland\), where it is/)).toBeVisible()
    await expect(rows(page).first()).toContainText(time)
  }
  await watch(page, viewer, `/people/${admin.username}`)
  await expect(card(page, 'Water')).toContainText(`250 ml · ${time}`)
  // The page says nothing where both live by the same clock.
  await client.send('PATCH', '/me', { time_zone: 'America/Lima' })
  await expect(page.getByText('time zone (')).toBeHidden()
})
