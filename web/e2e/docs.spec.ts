// The API's own documentation: to read, and to try out with one's own account.
import { expect, type Page, test } from './support/test'

/** The operations on screen: those of the open tags. */
const operations = (page: Page) => page.locator('.opblock')

async function openTag(page: Page, tag: string): Promise<void> {
  const header = page.locator(`.opblock-tag[data-tag="${tag}"]`)
  if ((await header.getAttribute('data-is-open')) === 'false') await header.click()
}

/** Opens one operation, fills in its body if it has one, and returns what the server answered. */
async function tryOut(page: Page, tag: string, operation: string, body?: unknown) {
  await openTag(page, tag)
  const block = page.locator(`.opblock[id$="-${operation}"]`)
  await block.locator('.opblock-summary-control').click()
  if (body) await block.locator('textarea').fill(JSON.stringify(body))
  const path = await block.locator('.opblock-summary').getByText('/api/v1/').innerText()
  // Swagger UI inserts zero-width spaces at which the path may wrap.
  const answered = page.waitForResponse(`**${path.replaceAll('\u200b', '')}`)
  await block.getByRole('button', { name: 'Execute' }).click()
  const answer = await answered
  await expect(block.getByText('Server response')).toBeVisible()
  return answer
}

test('one signs in to the documentation and tries the API there', async ({ page, admin }) => {
  await page.goto('/api/docs/')
  const { username, password } = admin
  const session = await tryOut(page, 'auth', 'create_session', { username, password })
  expect(session.status()).toBe(200)
  const me = await tryOut(page, 'users', 'get_me')
  expect(await me.json()).toMatchObject({ username })
  const entry = await tryOut(page, 'entries', 'create_entry', { metric: 'water', value: 250 })
  expect(entry.status()).toBe(201)
})

test('the documentation draws only what is opened', async ({ page, request }) => {
  const document = (await (await request.get('/api/openapi.json')).json()) as {
    paths: Record<string, Record<string, { tags: string[] }>>
  }
  const all = Object.values(document.paths).flatMap((path) => Object.values(path))
  await page.goto('/api/docs/')
  for (const tag of ['auth', 'entries', 'ops']) {
    await expect(page.locator(`.opblock-tag[data-tag="${tag}"]`)).toBeVisible()
  }
  await expect(operations(page)).toHaveCount(0)
  await expect(page.locator('.models')).toHaveCount(0)

  await openTag(page, 'entries')
  const ours = all.filter(({ tags }) => tags.includes('entries')).length
  expect(ours).toBeGreaterThan(0)
  await expect(operations(page)).toHaveCount(ours)
  await expect(page.locator('.opblock-body')).toHaveCount(0)
})
