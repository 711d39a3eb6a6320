// Every screen, light and dark, from the narrowest phone to a wide desk: no violation that axe can find, no
// scrolling sideways, nothing too small for a thumb. SCREENS_DIR=… writes a picture of each to be looked at.
import AxeBuilder from '@axe-core/playwright'
import {
  type Account,
  card,
  Client,
  enter,
  expect,
  forgetZone,
  type NewEntry,
  type Page,
  stopClock,
  test,
} from './support/test'

const WIDTHS = [320, 390, 768, 1440]
const SCHEMES = ['light', 'dark'] as const
const TAGS = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice']
/** Smaller than the 48 px that touch targets have here only by what rounding takes. */
const THUMB = 47.5

const MINUTE = 60_000
const ago = (minutes: number) => new Date(Date.now() - minutes * MINUTE).toISOString()

const day: NewEntry[] = [
  { metric: 'water', value: 250, at: ago(12), note: 'tea' },
  { metric: 'altitude', value: 7, at: ago(50), note: 'good talk with a friend' },
  { metric: 'water', value: 500, at: ago(180) },
  { metric: 'altitude', value: 2, at: ago(26 * 60) },
  { metric: 'water', value: 330, at: ago(27 * 60) },
  { metric: 'water', value: 150, at: ago(50 * 60) },
]
const overfull: NewEntry[] = [
  ...Array.from({ length: 40 }, (_, index) => ({
    metric: 'water' as const,
    value: 5000,
    at: ago(index),
    note: index === 0 ? 'Wort'.repeat(60) : 'שתיתי מים אחרי הליכה ארוכה',
  })),
  ...Array.from({ length: 12 }, (_, index) => ({
    metric: 'altitude' as const,
    value: 1 + (index % 10),
    at: ago(index * 3),
    note: 'a rather long note about how the day went, with more to say than fits into one line of it',
  })),
]

interface View {
  person: object
  granted: object | null
  status: object
}

interface Cast {
  page: Page
  /** Another who watches, as another client. */
  reader: Client
  admin: Account
  viewer: Account
  client: Client
}

/** What nobody can make happen at will: somebody who watches at this moment, and names of every kind. */
const share = {
  username: 'sam',
  display_name: 'Sam',
  state: 'approved',
  water: 'exact',
  altitude: 'exact',
  history: true,
  export: false,
  until: null as string | null,
  requested_at: ago(5),
  since: ago(2000),
  last_looked_at: ago(1) as string | null,
  watching: false,
}

/** Adds shares to those that the server has. */
async function alsoShared(page: Page, more: object[]): Promise<void> {
  await page.route('**/api/v1/me/shares?*', async (route) => {
    const answer = await route.fetch()
    const list = (await answer.json()) as { items: object[]; next_cursor: string | null }
    await route.fulfill({ response: answer, json: { ...list, items: [...list.items, ...more] } })
  })
}

/** Two more people in the list, of whom a band and almost nothing is seen; the list itself is not followed. */
async function narrowed(page: Page): Promise<void> {
  await page.route('**/api/v1/me/events', (route) => route.abort())
  await page.route('**/api/v1/people?*', async (route) => {
    const answer = await route.fetch()
    const { items } = (await answer.json()) as { items: View[] }
    const view = items.find(({ granted }) => granted)
    if (!view) throw new Error('nobody to watch')
    const other = (name: string, granted: object, water: object, altitude: object) => {
      const person = { ...view.person, username: name.toLowerCase(), display_name: name }
      const status = { ...view.status, person, water, altitude }
      return { ...view, person, granted: { ...view.granted, ...granted }, status }
    }
    const at = ago(20)
    const none = { last_at: null, last_ml: null, today_ml: null, goal_ml: null }
    const low = { value: null, at, band: 'low' }
    const long = 'Wolfeschlegelsteinhausenbergerdorff'
    const more = [
      other(long, { water: 'none', altitude: 'band' }, none, low),
      other('Jo', { altitude: 'none' }, { ...none, last_at: at }, { value: null, at: null }),
      other('Kim', { altitude: 'logged' }, { ...none, last_at: at }, { value: null, at }),
    ]
    await route.fulfill({ json: { items: [...items, ...more], next_cursor: null } })
  })
}

/** Brings the page to each screen. Whatever it shows is there when it returns. */
const screens: Record<string, (cast: Cast) => Promise<void>> = {
  'sign-in': async ({ page }) => {
    await page.goto('/sign-in')
    await page.getByLabel('Username').fill('nobody')
    await page.getByLabel('Password', { exact: true }).fill('wrong')
    await page.getByRole('button', { name: 'Sign in' }).click()
    await expect(page.getByText('Username and password do not match.')).toBeVisible()
  },
  register: async ({ page }) => {
    await page.goto('/register')
    await page.getByLabel('Password', { exact: true }).fill('Quiet-Harbour')
    await expect(page.getByText('Version of')).toBeVisible()
  },
  'not-found': async ({ page, admin }) => {
    await enter(page, admin, '/nothing-here')
    await expect(page.getByRole('heading', { name: 'There is nothing here' })).toBeVisible()
  },
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
    // From here on the focus keeps it, and axe needs the time.
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
  'history-empty': async ({ page, admin }) => {
    await enter(page, admin, '/history')
    await expect(page.getByText('Nothing has been logged.')).toBeVisible()
  },
  history: async ({ page, admin, client }) => {
    await client.logAll(day)
    await enter(page, admin, '/history')
    await expect(page.getByText('That is everything.')).toBeVisible()
  },
  'history-overfull': async ({ page, admin, client }) => {
    // Of each a few: here every one is a row, and all of them are looked through four times.
    await client.logAll([...overfull.slice(0, 6), ...overfull.slice(-6)])
    await enter(page, admin, '/history')
    await expect(page.getByText('That is everything.')).toBeVisible()
  },
  'history-unknown-zone': async ({ page, admin, client }) => {
    const time_zone = 'America/Argentina/Buenos_Aires'
    await client.send('PATCH', '/me', { time_zone, day_starts_at: 6 })
    // In the small hours by the person's wall, and by UTC.
    await client.log({ metric: 'water', value: 250, at: '2026-01-06T04:00:00.000Z', note: 'tea' })
    await client.log({ metric: 'altitude', value: 7, at: '2026-01-05T15:00:00.000Z' })
    await forgetZone(page, time_zone)
    await enter(page, admin, '/history')
    await expect(page.getByText('Tue 04:00', { exact: true })).toBeVisible()
    await expect(page.getByText('Times are in UTC')).toBeVisible()
  },
  'entry-dialog': async ({ page, admin }) => {
    await enter(page, admin, '/history')
    await page.getByRole('button', { name: 'Add an entry' }).click()
    await page.getByRole('button', { name: 'Save' }).click()
    await expect(page.locator('[aria-invalid=true]')).toBeVisible()
  },
  'sharing-empty': async ({ page, admin }) => {
    await enter(page, admin, '/sharing')
    await expect(page.getByText('Nobody has looked yet.')).toBeVisible()
  },
  sharing: async ({ page, admin, viewer, client, reader }) => {
    await client.send('PATCH', `/me/shares/${viewer.username}`, {
      state: 'approved',
      altitude: 'band',
      until: new Date(Date.now() + 86_400_000).toISOString(),
    })
    await reader.send('GET', `/people/${admin.username}/status`)
    const ended = `ended-${admin.username}`
    await client.send('POST', '/admin/users', { username: ended, role: 'viewer' })
    await client.send('DELETE', `/me/shares/${ended}`)
    const asking = { ...share, username: 'jo', display_name: 'Jo', state: 'requested' }
    const again = {
      ...asking,
      username: 'kim',
      display_name: 'Kim',
      altitude: 'band',
      export: true,
    }
    await alsoShared(page, [asking, again, { ...share, water: 'logged', watching: true }])
    await enter(page, admin, '/sharing')
    await expect(page.getByText('Watching now')).toBeVisible()
    await expect(page.getByRole('heading', { name: 'Waiting for your answer' })).toBeVisible()
  },
  'sharing-everyone': async ({ page, admin, viewer, client }) => {
    await client.send('PATCH', '/me', { sharing: 'everyone' })
    await client.send('PATCH', `/me/shares/${viewer.username}`, { water: 'band' })
    const more = ['Jo', 'Kim', 'Wolfeschlegelsteinhausenbergerdorff'].map((display_name) => ({
      ...share,
      username: display_name.toLowerCase(),
      display_name,
      requested_at: null,
    }))
    await alsoShared(page, more)
    await enter(page, admin, '/sharing')
    await expect(page.getByText('They keep watching you.')).toBeVisible()
  },
  'sharing-overfull': async ({ page, admin, client }) => {
    await client.send('PATCH', '/me', { sharing: 'nobody' })
    const long = 'Wolfeschlegelsteinhausenbergerdorff'
    const names = [long, 'מרים בת־שבע הארוכה מאוד', `${long} the longest of them all`]
    const people = names.flatMap((display_name, index) =>
      (['requested', 'approved', 'ended'] as const).map((state) => ({
        ...share,
        username: `${long.toLowerCase()}.${index}.${state}`,
        display_name,
        state,
        water: 'logged',
        altitude: 'none',
        export: true,
        until: state === 'ended' ? null : '2031-12-31T22:59:00.000Z',
      })),
    )
    await alsoShared(page, people)
    await enter(page, admin, '/sharing')
    await expect(page.getByText('At present nobody can')).toBeVisible()
  },
  'sharing-refused': async ({ page, admin, reader }) => {
    await reader.send('POST', `/people/${admin.username}/share-requests`)
    await page.route('**/api/v1/me/audience*', (route) => route.abort())
    await page.route('**/api/v1/me/shares/*', (route) => route.abort())
    await enter(page, admin, '/sharing')
    await page.getByRole('button', { name: /^Approve alex/ }).click()
    await expect(page.getByRole('alert')).toHaveCount(2)
  },
  'share-dialog': async ({ page, admin, viewer, client }) => {
    await client.send('PATCH', `/me/shares/${viewer.username}`, { state: 'approved' })
    await enter(page, admin, '/sharing')
    await page.getByRole('button', { name: /^Change/ }).click()
    const dialog = page.getByRole('dialog')
    await dialog.getByRole('radio', { name: 'Band' }).first().check()
    await dialog.getByRole('radio', { name: 'None' }).last().check()
    await dialog.getByLabel('Until').fill('2020-01-01T00:00')
    await dialog.getByRole('button', { name: 'Save' }).click()
    await expect(page.locator('[aria-invalid=true]')).toBeVisible()
  },
  'share-dialog-followed': async ({ page, admin, viewer, client }) => {
    await client.share(viewer)
    await enter(page, admin, '/sharing')
    await page.getByRole('button', { name: /^Change/ }).click()
    await client.share(viewer, { water: 'band', history: false })
    await expect(page.getByText('This was changed elsewhere meanwhile.')).toBeVisible()
  },
  'share-dialog-new': async ({ page, admin }) => {
    await enter(page, admin, '/sharing')
    await page.getByRole('button', { name: 'Share with a viewer' }).click()
    await page.getByLabel('User name of the viewer').fill('nobody-at-all')
    await page.getByRole('button', { name: 'Share', exact: true }).click()
    await expect(page.locator('[aria-invalid=true]')).toBeVisible()
  },
  'share-end': async ({ page, admin, viewer, client }) => {
    await client.send('PATCH', `/me/shares/${viewer.username}`, { state: 'approved' })
    await enter(page, admin, '/sharing')
    await page.getByRole('button', { name: /^End/ }).click()
    await expect(page.getByRole('dialog')).toBeVisible()
  },
  'people-to-ask': async ({ page, viewer, admin }) => {
    const ask = (username: string, display_name: string, access: string) => ({
      person: { username, display_name, time_zone: null },
      access,
      granted: null,
      status: null,
    })
    await page.route('**/api/v1/me/events', (route) => route.abort())
    await page.route('**/api/v1/people?*', (route) =>
      route.fulfill({
        json: {
          items: [
            ask(admin.username, 'Robin', 'may_ask'),
            ask('ada', 'מרים בת־שבע הארוכה מאוד', 'requested'),
            ask(
              'wolfeschlegelsteinhausenbergerdorff',
              'Wolfeschlegelsteinhausenbergerdorff',
              'ended',
            ),
          ],
          next_cursor: null,
        },
      }),
    )
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
  'entry-versions': async ({ page, admin, client }) => {
    const { id } = await client.log({ metric: 'water', value: 250, at: ago(12), note: 'tea' })
    const note = 'Wort'.repeat(40)
    await client.send('PATCH', `/entries/${id}`, { value: 5000, note, tags: ['tea', 'hot'] })
    await client.send('DELETE', `/entries/${id}`)
    await client.send('POST', `/entries/${id}/restore`)
    await enter(page, admin, '/history')
    await page.getByRole('button', { name: /^Edit/ }).click()
    await page.getByText('Earlier versions').click()
    await expect(page.getByRole('dialog').getByRole('listitem')).toHaveCount(3)
    await page.getByRole('dialog').getByRole('listitem').last().scrollIntoViewIfNeeded()
  },
  deleted: async ({ page, admin, client }) => {
    const tags = ['tea', 'a rather long word to find by']
    const entries = [
      ...day,
      { ...day[0], note: 'Wort'.repeat(40), tags },
      { ...overfull[1], value: 5000 },
    ]
    for (const entry of entries as NewEntry[]) {
      const { id } = await client.log(entry)
      await client.send('DELETE', `/entries/${id}`)
    }
    await enter(page, admin, '/history/deleted')
    await expect(page.getByRole('button', { name: /^Restore/ })).toHaveCount(entries.length)
  },
  'deleted-none': async ({ page, admin }) => {
    await enter(page, admin, '/history/deleted')
    await expect(page.getByText('Nothing is deleted.')).toBeVisible()
  },
  'settings-rewind': async ({ page, admin, client }) => {
    await client.logAll(overfull.slice(30))
    await enter(page, admin, '/settings')
    await page.getByLabel('The moment').fill('2026-01-01T00:00')
    await page.getByRole('button', { name: 'Show what would change' }).click()
    await expect(page.getByText('entries go.')).toBeVisible()
  },
  'settings-undo': async ({ page, admin, client }) => {
    await client.logAll(day)
    await enter(page, admin, '/settings')
    await page.getByLabel('The moment').fill('2026-01-01T00:00')
    await page.getByRole('button', { name: 'Show what would change' }).click()
    await page.getByRole('button', { name: /^Put 6 entries back/ }).click()
    await expect(page.getByText('Undo takes it back.')).toBeVisible()
    await expect(page.getByRole('button', { name: 'Undo', exact: true })).toBeEnabled()
    await client.log({ metric: 'water', value: 330, note: 'Wort'.repeat(40) })
    await page.getByRole('button', { name: 'Undo', exact: true }).click()
    await expect(page.getByText('1 entry goes and 6 entries come back.')).toBeVisible()
  },
  'settings-days': async ({ page, admin, client }) => {
    await client.send('PATCH', '/me', { time_zone: 'Pacific/Kiritimati' })
    await client.logAll(day)
    await client.send('PATCH', '/me', { time_zone: 'Pacific/Pago_Pago' })
    await enter(page, admin, '/settings')
    await page.getByRole('button', { name: 'Show what would move' }).click()
    await page.getByText('Which entries move').click()
    await expect(page.getByRole('table', { name: 'Days whose water changes' })).toBeVisible()
  },
  settings: async ({ page, admin }) => {
    await enter(page, admin, '/settings')
    await page.getByLabel('Daily goal (ml)').fill('nonsense')
    await page.getByRole('button', { name: 'Save changes' }).click()
    await expect(page.locator('[aria-invalid=true]')).toBeVisible()
    // The token that fills the database for these screens is the other device.
    await expect(page.getByRole('button', { name: 'Sign out Another client' })).toBeVisible()
  },
  'settings-refused': async ({ page, admin }) => {
    await page.route('**/api/v1/me/sessions', (route) => route.abort())
    await enter(page, admin, '/settings')
    await page.getByLabel('Current password').fill('not the password')
    await page.getByLabel('New password').fill('Wide-Meadow-38-swallows')
    await page.getByRole('button', { name: 'Change password' }).click()
    await expect(page.getByText('This is not your password.')).toBeVisible()
    await expect(page.getByRole('alert')).toContainText('could not be loaded')
  },
  'delete-account': async ({ page, admin }) => {
    await enter(page, admin, '/settings')
    await page.getByRole('button', { name: 'Delete account' }).click()
    await expect(page.getByRole('dialog')).toBeVisible()
  },
  people: async ({ page, viewer, client }) => {
    await client.logAll(day)
    await client.share(viewer)
    await enter(page, viewer)
    await expect(page.getByText('Live', { exact: true })).toBeVisible()
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
  'history-of-a-viewer': async ({ page, viewer, admin, client }) => {
    await client.logAll(day)
    await client.share(viewer)
    await enter(page, viewer, `/people/${admin.username}/history`)
    await expect(page.getByText('That is everything.')).toBeVisible()
  },
  'history-in-bands': async ({ page, viewer, admin, client }) => {
    await client.logAll(day)
    await client.share(viewer, { water: 'logged', altitude: 'band' })
    await enter(page, viewer, `/people/${admin.username}/history`)
    await expect(page.getByText('That is everything.')).toBeVisible()
  },
  'settings-of-a-viewer': async ({ page, viewer }) => {
    await enter(page, viewer, '/settings')
    await expect(card(page, 'Where you are signed in').getByRole('listitem').first()).toBeVisible()
  },
  'second-factor': async ({ page, viewer }) => {
    await enter(page, viewer, '/settings')
    await page.getByRole('button', { name: 'Turn on' }).click()
    await page.getByLabel('Your password').fill(viewer.password)
    await page.getByRole('button', { name: 'Go on' }).click()
    await expect(page.getByRole('img', { name: /QR code/ })).toBeVisible()
  },
  'token-dialog': async ({ page, admin }) => {
    await enter(page, admin, '/settings')
    await page.getByRole('button', { name: 'Create a token' }).click()
    await page.getByRole('button', { name: 'Create token' }).click()
    await expect(page.locator('[aria-invalid=true]')).toBeVisible()
  },
  'admin-users': async ({ page, admin, client }) => {
    const display_name = 'Wolfeschlegelsteinhausenbergerdorff the longest of all'
    // Before all others by name, or those whom earlier tests made would push it off the first page.
    const username = `0.long.${admin.username}`
    await client.send('POST', '/admin/users', { username, role: 'viewer', display_name })
    await enter(page, admin, '/admin/users')
    await expect(page.getByRole('table', { name: 'Users' })).toContainText(display_name)
  },
  'admin-user-dialog': async ({ page, admin }) => {
    await enter(page, admin, '/admin/users')
    await page.getByRole('button', { name: 'Create a user' }).click()
    await page.getByRole('dialog').getByLabel('Username').fill(admin.username)
    await page.getByRole('button', { name: 'Create user' }).click()
    await expect(page.locator('[aria-invalid=true]')).toBeVisible()
  },
  'admin-user': async ({ page, admin, viewer }) => {
    await enter(page, admin, `/admin/users/${viewer.username}`)
    await expect(page.getByRole('heading', { name: 'Signing in' })).toBeVisible()
  },
  'admin-temporary-password': async ({ page, admin, viewer }) => {
    await enter(page, admin, `/admin/users/${viewer.username}`)
    await page.getByRole('button', { name: 'Reset the password' }).click()
    await page.getByRole('dialog').getByRole('button', { name: 'Reset the password' }).click()
    await expect(page.getByLabel('Temporary password')).toBeVisible()
  },
  'admin-invites': async ({ page, admin, client }) => {
    const expires_at = new Date(Date.now() + 86_400_000).toISOString()
    await client.send('POST', '/admin/invites', { role: 'viewer', expires_at, max_uses: 3 })
    await enter(page, admin, '/admin/invites')
    await expect(page.getByRole('table', { name: 'Invitations' })).toContainText('0 of 3')
  },
  'admin-audit': async ({ page, admin, client }) => {
    await client.logAll(day)
    await enter(page, admin, '/admin/audit')
    await expect(page.getByRole('table', { name: 'Audit log' })).toContainText('entry.create')
  },
  'admin-security': async ({ page, admin, viewer }) => {
    for (let attempt = 0; attempt < 6; attempt += 1) {
      const data = { username: viewer.username, password: `guess ${attempt}` }
      await page.request.post('/api/v1/auth/token', { data })
    }
    await enter(page, admin, '/admin/security')
    await expect(page.getByRole('table', { name: 'Locked names' })).toBeVisible()
  },
  'admin-server': async ({ page, admin }) => {
    await page.route('**/api/v1/instance', (route) =>
      route.fulfill({
        json: { registration: 'open', maintenance_mode: true, privacy_policy_version: '1' },
      }),
    )
    await enter(page, admin, '/admin/server')
    await expect(page.getByText('The server is being looked after.')).toBeVisible()
  },
  unreachable: async ({ page, admin }) => {
    await page.route('**/api/v1/people*', (route) => route.abort())
    await enter(page, admin)
    await expect(page.getByRole('alert')).toContainText('could not be loaded')
  },
  'not-saved': async ({ page, admin }) => {
    await enter(page, admin)
    await page.route('**/api/v1/entries', (route) => route.abort())
    await page.getByRole('button', { name: 'Log 250 ml' }).click()
    await expect(page.getByRole('heading', { name: 'Not saved yet' })).toBeVisible()
  },
}

/** What reaches beyond the window, or is too small to be hit with a thumb. */
function misfits(thumb: number): string[] {
  const name = (element: Element) =>
    `<${element.tagName.toLowerCase()}> ${element.textContent.trim().slice(0, 40)}`
  const { clientWidth, scrollWidth } = document.documentElement
  const found =
    scrollWidth > clientWidth ? [`the page is ${scrollWidth - clientWidth} px too wide`] : []
  const scope = document.querySelector('dialog[open]') ?? document.body
  for (const element of scope.querySelectorAll('*')) {
    const box = element.getBoundingClientRect()
    // What scrolls in an area of its own may be wider than the page.
    const clipped =
      element.closest('.heard, .skip, [aria-hidden=true], svg, [role=group][tabindex="0"] *') !==
      null
    if (box.width === 0 || box.height === 0 || clipped) continue
    if (box.right > clientWidth + 0.5 || box.left < -0.5)
      found.push(`beyond the edge: ${name(element)}`)
    // A link within a sentence is as tall as its line; a box or a dot is pressed through its label.
    const pressed = element.matches(
      'button, select, input:not([type=checkbox], [type=radio]), .button',
    )
    if (pressed && Math.min(box.width, box.height) < thumb) {
      found.push(`${box.width.toFixed(0)} by ${box.height.toFixed(0)} px: ${name(element)}`)
    }
  }
  return found
}

for (const [name, open] of Object.entries(screens)) {
  test(name, async ({ page, admin, viewer, client, request }) => {
    // Eight sizes and four times axe are all work and no waiting.
    test.setTimeout(180_000)
    await page.emulateMedia({ reducedMotion: 'reduce' })
    const reader = await Client.signIn(request, viewer)
    await open({ page, admin, viewer, client, reader })
    for (const colorScheme of SCHEMES) {
      await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' })
      for (const width of WIDTHS) {
        await page.setViewportSize({ width, height: width < 600 ? 780 : 900 })
        // What the bar covers on a page that was scrolled is no smaller for that.
        await page.evaluate(() => {
          scrollTo(0, 0)
        })
        const what = `${name}, ${colorScheme}, ${width} px`
        expect.soft(await page.evaluate(misfits, THUMB), what).toEqual([])
        if (process.env.SCREENS_DIR !== undefined) {
          const path = `${process.env.SCREENS_DIR}/${name}-${width}-${colorScheme}.png`
          await page.screenshot({ path, fullPage: true })
        }
        // The narrow and the wide layout; those between differ by nothing that axe looks at.
        if (width !== 390 && width !== 1440) continue
        const { violations } = await new AxeBuilder({ page }).withTags(TAGS).analyze()
        const told = violations.map(({ id, help, nodes }) => ({
          id,
          help,
          nodes: nodes.map((node) => `${node.target.join(' ')}: ${node.failureSummary ?? ''}`),
        }))
        expect.soft(told, what).toEqual([])
      }
    }
  })
}
