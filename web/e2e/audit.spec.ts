// The audit log, searched by person, action and time.
import { readFileSync } from 'node:fs'
import { enter, expect, type Page, test } from './support/test'

const table = (page: Page) => page.getByRole('table', { name: 'Audit log' })

test('the filters are in the address, and back leads to the view before', async ({
  page,
  admin,
  viewer,
}) => {
  await page.request.post('/api/v1/auth/login', {
    data: { username: viewer.username, password: 'not the password' },
  })
  await enter(page, admin, '/admin/audit')
  await expect(table(page)).toContainText('auth.login')
  await page.getByLabel('What', { exact: true }).selectOption('auth.login')
  await page.getByLabel('Outcome').selectOption('Failure')
  await page.getByLabel('To whom or what').fill(viewer.username)
  await page.getByRole('button', { name: 'Show', exact: true }).click()
  await expect(page).toHaveURL(/action=auth\.login/)
  await expect(page).toHaveURL(/outcome=failure/)
  await expect(table(page).getByRole('row')).toHaveCount(2)
  await expect(table(page)).toContainText(viewer.username)
  await expect(table(page)).toContainText('Failure')
  await expect(table(page)).toContainText(/\d{1,2} \w+ \d{4}.*\d{2}:\d{2}:\d{2} (CET|CEST|UTC|GMT)/)

  await page.reload()
  await expect(page.getByLabel('Outcome')).toHaveValue('failure')
  await expect(table(page).getByRole('row')).toHaveCount(2)
  await page.goBack()
  await expect(page.getByLabel('Outcome')).toHaveValue('')
  await expect(table(page)).toContainText('Success')
})

test('a filter that nothing fits says so, and everything is one press away', async ({
  page,
  admin,
}) => {
  await enter(page, admin, '/admin/audit?actor=nobody-at-all')
  await expect(page.getByText('Nothing fits these filters.')).toBeVisible()
  await page.getByRole('link', { name: 'Show everything' }).click()
  await expect(page).toHaveURL('/admin/audit')
  await expect(table(page).getByRole('row').nth(1)).toBeVisible()
})

test('older records follow page by page', async ({ page, admin, client }) => {
  await client.logAll(Array.from({ length: 60 }, () => ({ metric: 'water' as const, value: 100 })))
  await enter(page, admin, `/admin/audit?actor=${admin.username}&action=entry.create`)
  await expect(table(page).getByRole('row')).toHaveCount(51)
  await page.getByRole('button', { name: 'Load more' }).click()
  await expect(table(page).getByRole('row')).toHaveCount(61)
  await expect(page.getByRole('button', { name: 'Load more' })).toHaveCount(0)
})

test('the log can be taken away as a file', async ({ page, admin }) => {
  await enter(page, admin, '/admin/audit')
  for (const [name, file, first] of [
    ['Export as JSON lines', 'audit.jsonl', /^\{"id":1,/],
    ['Export as CSV', 'audit.csv', /^id,at,actor,/],
  ] as const) {
    const saving = page.waitForEvent('download')
    await page.getByRole('link', { name }).click()
    const saved = await saving
    expect(saved.suggestedFilename()).toBe(file)
    expect(readFileSync(await saved.path(), 'utf8')).toMatch(first)
  }
})
