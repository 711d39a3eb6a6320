// More than one tab at once.
import { card, expect, type Page, signIn, test } from '../support/limited'

test('having the page open in four tabs, and logging in each, is never refused', async ({
  page,
  context,
  own,
  admin,
}) => {
  await own.limit()
  await signIn(page, admin)
  const tabs: Page[] = [page]
  while (tabs.length < 4) {
    const tab = await context.newPage()
    await tab.goto('/')
    tabs.push(tab)
  }
  let total = 0
  for (let round = 0; round < 4; round += 1) {
    for (const tab of tabs) {
      await tab.bringToFront()
      await tab.getByRole('button', { name: 'Log 250 ml' }).click()
      total += 250
      await expect(card(tab, 'Water')).toContainText(`${total.toLocaleString('en-GB')} ml of`)
    }
    for (const tab of tabs) {
      await tab.reload()
      await expect(card(tab, 'Water')).toContainText(`${total.toLocaleString('en-GB')} ml of`)
    }
  }
})
