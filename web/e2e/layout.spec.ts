// The layout: what stays where it is, what covers what, and what large text and low windows leave.
import {
  BY_ITSELF,
  card,
  enter,
  expect,
  type Locator,
  type Page,
  pressLevels,
  setTextSize,
  stopClock,
  test,
} from './support/test'

const ago = (minutes: number) => new Date(Date.now() - minutes * 60_000).toISOString()
const message = (page: Page) => page.getByRole('region', { name: 'Messages' }).getByRole('listitem')

/** Controls that stand where the message is, at least in part. */
function covered(page: Page): Promise<string[]> {
  return page.evaluate(() => {
    const region = document.querySelector('section[aria-label=Messages]')
    const toast = region?.querySelector('li')?.getBoundingClientRect()
    if (!region || !toast) return ['there is no message']
    const found = []
    if (toast.left < 0 || toast.top < 0 || toast.right > innerWidth || toast.bottom > innerHeight)
      found.push('it is not within the window')
    for (const one of document.querySelectorAll(
      'a[href], button, input, select, textarea, summary',
    )) {
      const box = one.getBoundingClientRect()
      const apart =
        box.right <= toast.left ||
        box.left >= toast.right ||
        box.bottom <= toast.top ||
        box.top >= toast.bottom
      // The skip link is for people who reach it by keyboard.
      if (!apart && !region.contains(one) && !one.matches('.skip'))
        found.push(one.getAttribute('aria-label') ?? one.textContent.trim())
    }
    return found
  })
}

for (const [width, height, text] of [
  [320, 640, 16],
  [390, 780, 16],
  [390, 780, 24],
  [390, 780, 32],
  [320, 640, 32],
  [844, 390, 16],
  [1440, 900, 16],
] as const) {
  test(`a message covers nothing that is operated, ${width} by ${height}, text of ${text} px`, async ({
    page,
    admin,
    client,
  }) => {
    await client.logAll(
      Array.from({ length: 8 }, (_, index) => ({
        metric: 'water' as const,
        value: 100 + index,
        at: ago(5 + index),
      })),
    )
    await page.setViewportSize({ width, height })
    await stopClock(page)
    await enter(page, admin)
    await setTextSize(page, text)
    await page.getByRole('button', { name: 'Log 250 ml' }).click()
    await expect(message(page)).toContainText('250 ml logged')
    await expect.poll(() => covered(page), 'on Today').toEqual([])
    await pressLevels(page, '8')
    await expect(message(page)).toHaveCount(1)
    await expect(message(page)).toContainText('Altitude 8')
    await expect.poll(() => covered(page), 'with another message').toEqual([])
    await page.evaluate(() => {
      scrollBy(0, 150)
    })
    await expect.poll(() => covered(page), 'scrolled').toEqual([])

    await page.getByRole('link', { name: 'History' }).click()
    await page.getByRole('button', { name: /^Delete 103 ml/ }).click()
    await expect(message(page)).toContainText('103 ml deleted')
    await expect.poll(() => covered(page), 'in the history').toEqual([])

    await page.getByRole('link', { name: 'Settings' }).click()
    await page.getByRole('button', { name: 'Save changes' }).click()
    await expect(message(page)).toContainText('Settings saved')
    await expect.poll(() => covered(page), 'in the settings').toEqual([])
  })
}

/** Where it is on the page, however far that is scrolled. */
async function place(locator: Locator) {
  return locator.evaluate((element) => {
    const { left, top, width, height } = element.getBoundingClientRect()
    return [left, top + scrollY, width, height].map(Math.round)
  })
}

for (const [width, text] of [
  [320, 16],
  [390, 16],
  [390, 24],
  [1280, 16],
] as const) {
  test(`nothing moves when the server goes away and comes back, ${width} px, text of ${text} px`, async ({
    page,
    context,
    admin,
    client,
    server,
  }) => {
    // Their minutes have two digits throughout.
    await client.log({ metric: 'water', value: 300, at: ago(20) })
    await client.log({ metric: 'altitude', value: 7, at: ago(19) })
    await page.setViewportSize({ width, height: 780 })
    await enter(page, admin)
    await setTextSize(page, text)
    await expect(page.getByText('Live', { exact: true })).toBeVisible()
    const operated = [
      page.getByRole('button', { name: 'Log 150 ml' }),
      page.getByRole('button', { name: 'Other' }),
      page.getByRole('slider'),
      page.getByRole('link', { name: 'All entries' }),
    ]
    const places = () => Promise.all(operated.map(place))
    await expect(card(page, 'The day so far').getByRole('listitem')).toHaveCount(2)
    // The level is the same as before: its words take the same room.
    const before = await places()
    try {
      await server.stopApi()
      await expect(page.getByText('Reconnecting')).toBeVisible()
      expect(await places(), 'when the server is gone').toEqual(before)
      await context.setOffline(true)
      await expect(page.getByText('Offline')).toBeVisible()
      expect(await places(), 'without a network').toEqual(before)
      await context.setOffline(false)
      await pressLevels(page, '7')
      await expect(card(page, 'Not saved yet')).toBeVisible()
      await expect(page.getByRole('link', { name: '1 not saved yet' })).toBeVisible()
      expect((await places()).slice(0, 3), 'with something that waits').toEqual(before.slice(0, 3))
      await page.getByRole('link', { name: '1 not saved yet' }).click()
      await expect(card(page, 'Not saved yet').getByRole('heading')).toBeInViewport()
    } finally {
      await context.setOffline(false)
      await server.startApi()
    }
    // The page tries again by itself.
    await expect(card(page, 'Not saved yet')).toBeHidden(BY_ITSELF)
    await expect(page.getByText('Live', { exact: true })).toBeVisible(BY_ITSELF)
    expect((await places()).slice(0, 3), 'when it is back').toEqual(before.slice(0, 3))
  })
}

test('the history stays where it is while something waits', async ({
  page,
  admin,
  client,
  server,
}) => {
  await client.log({ metric: 'water', value: 300, at: ago(10) })
  const edit = page.getByRole('button', { name: /^Edit 300 ml/ })
  for (const width of [390, 1280]) {
    await page.setViewportSize({ width, height: 780 })
    await enter(page, admin)
    await expect(page.getByText('Live', { exact: true })).toBeVisible(BY_ITSELF)
    await page.getByRole('link', { name: 'History' }).click()
    await expect(page.getByText('Live', { exact: true })).toBeVisible()
    const before = await place(edit)
    await server.stopApi()
    await expect(page.getByText('Reconnecting')).toBeVisible()
    expect(await place(edit), 'when the server is gone').toEqual(before)
    await server.startApi()
  }
})

/** The part of the window that fixed elements take up when the page is scrolled. */
function stuck(page: Page): Promise<number> {
  return page.evaluate(() => {
    scrollTo(0, 600)
    const boxes = [...document.querySelectorAll('*')]
      .filter((element) => ['fixed', 'sticky'].includes(getComputedStyle(element).position))
      .map((element) => element.getBoundingClientRect())
      .filter(({ top, bottom, width }) => width > 0 && bottom > 0 && top < innerHeight)
    const rows = new Set<number>()
    for (const { top, bottom } of boxes)
      for (let y = Math.max(0, Math.ceil(top)); y < Math.min(innerHeight, bottom); y += 1)
        rows.add(y)
    return rows.size / innerHeight
  })
}

test('where the window is low, all of it is for the page', async ({ page, admin, client }) => {
  await client.logAll(
    Array.from({ length: 20 }, (_, index) => ({
      metric: 'water',
      value: 250,
      at: ago(index * 90),
    })),
  )
  for (const path of ['/', '/history', '/sharing', '/settings', '/admin/users', '/admin/audit']) {
    // A window of 1280 by 1024 at 400 %, a phone held sideways, and one with twice the text size.
    for (const [width, height, text] of [
      [320, 256, 16],
      [844, 390, 16],
      [390, 780, 32],
    ] as const) {
      await page.setViewportSize({ width, height })
      await enter(page, admin, path)
      await setTextSize(page, text)
      await expect(page.getByRole('heading', { level: 1 })).toBeVisible()
      const what = `${path}, ${width} by ${height}, ${text} px`
      await expect.poll(() => stuck(page), what).toBe(0)
      await expect(page.getByRole('link', { name: 'Settings' })).toHaveCount(1)
    }
  }
  await page.setViewportSize({ width: 390, height: 780 })
  await enter(page, admin, '/history')
  await setTextSize(page, 16)
  await expect(page.getByRole('heading', { level: 1 })).toBeVisible()
  await expect.poll(() => stuck(page), 'an upright phone has its bars').toBeGreaterThan(0.1)
  await page.evaluate(() => {
    scrollTo(0, 0)
  })
})

for (const [name, minutes] of [
  ['the first ever', undefined],
  ['the first of a day', 9 * 60],
  ['the first in days', 60 * 60],
] as const) {
  test(`the cups stay where they are once ${name} is logged`, async ({ page, admin, client }) => {
    if (minutes !== undefined) {
      await client.log({ metric: 'water', value: 300, at: ago(minutes) })
      await client.log({ metric: 'altitude', value: 5, at: ago(minutes) })
    }
    await page.setViewportSize({ width: 390, height: 780 })
    await enter(page, admin)
    const cup = page.getByRole('button', { name: 'Log 250 ml' })
    await expect(card(page, 'Water')).toContainText(minutes === undefined ? 'Never' : 'ago')
    await expect(page.getByText('Live', { exact: true })).toBeVisible()
    const before = await place(page.getByRole('group', { name: 'Log water' }))
    await cup.click()
    await expect(card(page, 'Water')).toContainText('just now')
    expect(await place(page.getByRole('group', { name: 'Log water' }))).toEqual(before)
  })
}

test('cups and choices grow with the text', async ({ page, admin }) => {
  await page.setViewportSize({ width: 390, height: 780 })
  await enter(page, admin, '/')
  await expect(card(page, 'Water')).toContainText('0 ml of')
  await setTextSize(page, 24)
  const heights = () =>
    Promise.all(
      ['Log 150 ml', 'Log 250 ml', 'Log 500 ml'].map(async (name) => {
        const [, , , height = 0] = await place(page.getByRole('button', { name }).locator('svg'))
        return height
      }),
    )
  await expect.poll(heights).toEqual([36, 36, 42])

  await enter(page, admin, '/settings')
  await setTextSize(page, 24)
  const unit = page.getByRole('group', { name: 'Unit' })
  const differ = async () => {
    const [first, second] = await Promise.all(
      ['Millilitres', 'Fluid ounces'].map((label) => place(unit.getByText(label))),
    )
    return (first?.[3] ?? 0) - (second?.[3] ?? 0)
  }
  await expect.poll(differ, 'as high as the choice beside it').toBe(0)
})

test('large text stands below what it belongs to, and cups two by two', async ({
  page,
  admin,
  client,
}) => {
  await client.log({ metric: 'water', value: 300, at: ago(10) })
  await enter(page, admin)
  await expect(card(page, 'Water')).toContainText('300 ml of')
  const box = async (locator: Locator) => {
    const [left = 0, top = 0, width = 0, height = 0] = await place(locator)
    return { left, top, right: left + width, bottom: top + height }
  }
  for (const [width, text] of [
    [390, 24],
    [390, 32],
    [320, 24],
    [320, 32],
  ] as const) {
    await page.setViewportSize({ width, height: 780 })
    await setTextSize(page, text)
    // The browser may still be drawing the new size.
    await expect(async () => {
      const ring = await box(card(page, 'Water').locator('.ring'))
      const words = await box(card(page, 'Water').getByRole('heading'))
      expect(ring.bottom, `${width} px, text of ${text} px`).toBeLessThanOrEqual(words.top)
      const cups = await Promise.all(
        ['Log 150 ml', 'Log 250 ml', 'Log 500 ml', 'Other'].map((name) =>
          box(page.getByRole('button', { name })),
        ),
      )
      const [first, second, third, fourth] = cups
      expect(first?.top).toBe(second?.top)
      expect(third?.top).toBe(fourth?.top)
      expect(third?.top).toBeGreaterThanOrEqual(first?.bottom ?? 0)
      const label = await box(page.getByRole('navigation').getByText('History', { exact: true }))
      expect(label.right - label.left, 'the label is for those who listen').toBeLessThan(3)
    }).toPass()
    await expect(page.getByRole('navigation').getByRole('link', { name: 'History' })).toBeVisible()
  }
})
