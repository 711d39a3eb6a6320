// How somebody is: oneself, and the people one watches.
import { card, enter, expect, stopClock } from '../support/test'
import { ago, day, narrowed, overfull, toldOfPeople } from './cast'
import { screens } from './look'

screens({
  'today-empty': async ({ page, admin }) => {
    await enter(page, admin)
    await expect(page.getByText('Nothing logged today.')).toBeVisible()
  },
  today: async ({ page, admin, client }) => {
    await client.logAll(day)
    await enter(page, admin)
    await expect(page.getByText('good talk with a friend')).toBeVisible()
  },
  'today-toast': async ({ page, admin }) => {
    await stopClock(page)
    await enter(page, admin)
    await page.getByRole('button', { name: 'Log 250 ml' }).click()
    await page.getByRole('button', { name: 'Other' }).click()
    await page.getByRole('button', { name: 'Log', exact: true }).click()
    await expect(page.getByText('Type an amount of at most')).toBeVisible()
    await page.getByRole('button', { name: 'Undo' }).focus()
    // The focus holds it from here on, and axe needs the clock to run.
    await page.clock.resume()
  },
  'today-overfull': async ({ page, admin, client }) => {
    await client.send('PATCH', '/me', {
      display_name: 'Wolfeschlegelsteinhausenbergerdorff '.repeat(1),
    })
    await client.logAll(overfull)
    await enter(page, admin)
    await expect(page.getByText('200,000 ml')).toBeVisible()
  },
  people: async ({ page, viewer, client }) => {
    await client.logAll(day)
    await client.share(viewer)
    await enter(page, viewer)
    await expect(page.getByText('Live', { exact: true })).toBeVisible()
  },
  'people-to-ask': async ({ page, viewer, admin }) => {
    const ask = (username: string, display_name: string, access: string) => ({
      person: { username, display_name, time_zone: null },
      access,
      granted: null,
      status: null,
    })
    await page.route('**/api/v1/me/events', (route) => route.abort())
    const name = 'Wolfeschlegelsteinhausenbergerdorff'
    await toldOfPeople(page, () => ({
      items: [
        ask(admin.username, 'Robin', 'may_ask'),
        ask('ada', 'מרים בת־שבע הארוכה מאוד', 'requested'),
        ask(name.toLowerCase(), name, 'ended'),
      ],
      next_cursor: null,
    }))
    await page.route('**/share-requests', (route) =>
      route.fulfill({
        status: 409,
        headers: { 'retry-after': '18000', 'content-type': 'application/problem+json' },
        body: JSON.stringify({ code: 'asked_recently', status: 409, request_id: 'f00' }),
      }),
    )
    await enter(page, viewer)
    await page.getByRole('button', { name: /^Ask again/ }).click()
    await expect(page.getByText('You can ask again in 5 hours.')).toBeVisible()
  },
  'people-by-share': async ({ page, viewer, client }) => {
    await client.logAll(day)
    await client.share(viewer)
    await narrowed(page)
    await enter(page, viewer)
    await expect(page.getByRole('link', { name: /^Wolfeschlegel.*Altitude: Low/ })).toBeVisible()
  },
  'person-of-a-viewer': async ({ page, viewer, admin, client, reader }) => {
    await client.logAll(day)
    await reader.send('PATCH', '/me', { time_zone: 'Pacific/Auckland' })
    await client.share(viewer)
    await enter(page, viewer, `/people/${admin.username}`)
    await expect(page.getByText('good talk with a friend')).toBeVisible()
  },
  'person-in-bands': async ({ page, viewer, admin, client }) => {
    await client.logAll(day)
    await client.share(viewer, { water: 'band', altitude: 'band' })
    await enter(page, viewer, `/people/${admin.username}`)
    await expect(page.getByText('somewhere from 4 to 7')).toBeVisible()
    await expect(page.getByText('Middle, 4 to 7')).toBeVisible()
  },
  'person-logged-only': async ({ page, viewer, admin, client }) => {
    await client.logAll(day)
    await client.share(viewer, { water: 'logged', altitude: 'logged' })
    await enter(page, viewer, `/people/${admin.username}`)
    await expect(card(page, 'The day so far').getByText('Logged').first()).toBeVisible()
  },
  'person-without-history': async ({ page, viewer, admin, client }) => {
    await client.logAll(day.map((entry) => ({ ...entry, at: ago(30 * 60) })))
    await client.share(viewer, { water: 'none', history: false })
    await enter(page, viewer, `/people/${admin.username}`)
    await expect(page.getByText(/^Out of date/)).toBeVisible()
  },
  'person-ended': async ({ page, viewer, admin, client }) => {
    await client.share(viewer)
    await enter(page, viewer, `/people/${admin.username}`)
    await expect(page.getByText('Live', { exact: true })).toBeVisible()
    await client.send('DELETE', `/me/shares/${viewer.username}`)
    await expect(page.getByRole('heading', { name: 'No longer shared with you' })).toBeVisible()
  },
  'person-polled': async ({ page, viewer, admin, client }) => {
    await client.logAll(day)
    await client.share(viewer)
    await page.route('**/events', (route) => route.abort())
    await enter(page, viewer, `/people/${admin.username}`)
    await expect(page.getByText('Updating every 30 s')).toBeVisible()
  },
  'person-offline': async ({ page, viewer, admin, client }) => {
    await client.logAll(day)
    await client.share(viewer)
    await enter(page, viewer, `/people/${admin.username}`)
    await expect(page.getByText('good talk with a friend')).toBeVisible()
    await expect(page.getByText('Live', { exact: true })).toBeVisible()
    await page.context().setOffline(true)
    await expect(page.getByText('Offline, last heard')).toBeVisible()
  },
})
