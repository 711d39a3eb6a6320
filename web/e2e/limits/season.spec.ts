// A season is read from its last day to its first.
import { expect, signIn, test } from '../support/limited'

test.use({ fill: ['demo', '--days', '90'] })

test('reading a whole season, and then the half of it again, is never refused', async ({
  page,
  own,
}) => {
  const password = /^password: (.+)$/m.exec(own.filled)?.[1] ?? ''
  await own.limit()
  await signIn(page, { username: 'robin', password })
  for (const metric of ['', '?metric=altitude']) {
    await page.goto(`/history${metric}`)
    const end = page.getByText('That is everything.')
    await expect(async () => {
      await page.mouse.wheel(0, 100_000)
      await expect(end).toBeVisible({ timeout: 500 })
    }).toPass()
  }
})
