// A viewer keeps an eye on somebody.
import { card, expect, signIn, test } from '../support/limited'

test('watching somebody all day, and coming back every quarter of an hour, is never refused', async ({
  page,
  own,
  admin,
  viewer,
  client,
  device,
}) => {
  await client.share(viewer)
  await own.limit()
  await signIn(page, viewer)
  await expect(page).toHaveURL(`/people/${admin.username}`)
  await expect(page.getByText('Live', { exact: true })).toBeVisible()
  const logging = await device()
  await signIn(logging, admin)
  for (let glass = 1; glass <= 10; glass += 1) {
    await logging.getByRole('button', { name: 'Log 250 ml' }).click()
    const total = `${(glass * 250).toLocaleString('en-GB')} ml of`
    await expect(card(page, 'Water')).toContainText(total)
    await page.reload()
    await expect(card(page, 'Water')).toContainText(total)
    await page.getByRole('link', { name: 'All entries' }).click()
    const entries = page.getByRole('main').getByRole('listitem').filter({ hasText: '250 ml' })
    await expect(entries).toHaveCount(glass)
    await page.goBack()
  }
})
