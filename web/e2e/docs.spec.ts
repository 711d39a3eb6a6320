// The API's own documentation: to read, and to try with one's own account.
import { expect, type Page, test } from './support/test'

/** Opens one operation, fills in its body if it has one, and returns what the server answered. */
async function tryOut(page: Page, operation: string, body?: unknown) {
  const block = page.locator(`.opblock[id$="-${operation}"]`)
  await block.locator('.opblock-summary-control').click()
  if (body) await block.getByRole('textbox').fill(JSON.stringify(body))
  const path = await block.locator('.opblock-summary').getByText('/api/v1/').innerText()
  // Swagger UI breaks the path in places with characters that take no room.
  const answered = page.waitForResponse(`**${path.replaceAll('\u200b', '')}`)
  await block.getByRole('button', { name: 'Execute' }).click()
  const answer = await answered
  await expect(block.getByText('Server response')).toBeVisible()
  return answer
}

test('one signs in to the documentation and tries the API there', async ({ page, admin }) => {
  // Swagger UI draws every operation anew with each press, which takes seconds where others compute, too.
  test.setTimeout(180_000)
  await page.goto('/api/docs/')
  const { username, password } = admin
  expect((await tryOut(page, 'create_session', { username, password })).status()).toBe(200)
  const me = await tryOut(page, 'get_me')
  expect(await me.json()).toMatchObject({ username })
  const entry = await tryOut(page, 'create_entry', { metric: 'water', value: 250 })
  expect(entry.status()).toBe(201)
})
