// A budget that the same person's other clients used up: the page waits as it is told, nothing is lost, and nobody is
// kept out.
import { answers, card, expect, type Page, signIn, spend, test } from '../support/limited'
import { type Server, stopClock } from '../support/test'

test.use({ refuses: true })

interface Penalty {
  caller: string
}

async function penalties(server: Server): Promise<Penalty[]> {
  return JSON.parse(await server.command('penalty', 'list', '--json')) as Penalty[]
}

const live = (page: Page) => page.getByText('Live', { exact: true })

test('with nothing left to read by, a page comes up by itself, and a tap elsewhere is logged at once', async ({
  page,
  context,
  own,
  admin,
  client,
}) => {
  await own.limit()
  await signIn(page, admin)
  await expect(live(page)).toBeVisible()
  await spend(() => client.send('GET', '/me'))
  const tab = await context.newPage()
  await tab.goto('/')
  await expect(tab.getByRole('alert')).toContainText('asked the server too often')
  await page.bringToFront()
  await page.getByRole('button', { name: 'Log 250 ml' }).click()
  await expect(card(page, 'Water')).toContainText('250 ml of')
  await page.reload()
  // Nobody touches the page.
  for (const one of [tab, page]) {
    await expect(card(one, 'Water')).toContainText('250 ml of')
    await expect(live(one)).toBeVisible()
  }
  await expect(card(page, 'The day so far').getByRole('listitem')).toHaveCount(1)
  const told = answers(own)
  expect(told.filter(({ status }) => status === 201)).toHaveLength(1)
  const refused = told.filter(({ status }) => status === 429)
  expect(refused.length).toBeGreaterThan(0)
  expect(refused.length).toBeLessThan(10)
  expect(await penalties(own)).toEqual([])
})

test('with nothing left to log by, a tap waits and arrives by itself, once, and reading goes on', async ({
  page,
  own,
  admin,
  client,
}) => {
  const first = await client.log({ metric: 'water', value: 100, note: 'morning' })
  await own.limit()
  await signIn(page, admin)
  await expect(live(page)).toBeVisible()
  const { id, metric, value, at, note } = first
  await spend(() => client.send('POST', '/entries', { id, metric, value, at, note }))
  await page.getByRole('button', { name: 'Log 250 ml' }).click()
  await expect(card(page, 'Not saved yet')).toContainText('Nothing is lost')
  await page.getByRole('navigation').getByRole('link', { name: 'History' }).click()
  await expect(page.getByText('morning')).toBeVisible()
  await page.getByRole('navigation').getByRole('link', { name: 'Today' }).click()
  // Nobody touches the page.
  await expect(card(page, 'Not saved yet')).toBeHidden()
  await expect(card(page, 'Water')).toContainText('350 ml of')
  const values = (await client.entries()).map((entry) => entry.value)
  expect(values.sort((a, b) => a - b)).toEqual([100, 250])
  expect(await penalties(own)).toEqual([])
})

test('a visitor who is kept out with their address is told for how long, may sign in, and gets in when it is over', async ({
  page,
  own,
  admin,
  device,
}) => {
  await own.limit()
  const stranger = await device()
  await stopClock(stranger)
  // Another client at this address goes on though it is told not to.
  await stranger.goto('/robots.txt')
  await stranger.evaluate(async () => {
    for (let text = ''; !text.includes('penalised');) {
      text = await (await fetch('/api/v1/instance', { cache: 'no-store' })).text()
    }
  })
  await stranger.goto('/')
  await expect(stranger.getByRole('alert')).toContainText(/may ask again in (a minute|a moment)/)

  await signIn(page, admin)
  await expect(card(page, 'Water')).toContainText('Never')

  const [penalty] = await penalties(own)
  await own.command('penalty', 'lift', penalty?.caller ?? '')
  await stranger.clock.runFor(61_000)
  // The spent budget comes back by the server's clock.
  await stranger.clock.resume()
  await expect(stranger.getByRole('heading', { name: 'Sign in' })).toBeVisible()
})
