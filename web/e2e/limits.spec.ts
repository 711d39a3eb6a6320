// An ordinary day with the default limits; `make e2e-limits` tries more habits.
import { card, expect, pressLevels, signIn, test } from './support/limited'

test('logging all day, on two devices, is never refused', async ({ page, own, admin, device }) => {
  await own.limit()
  await signIn(page, admin)
  const water = card(page, 'Water')
  const cup = page.getByRole('button', { name: 'Log 150 ml' })
  for (let glass = 1; glass <= 30; glass += 1) {
    await cup.click()
    await expect(water).toContainText(`${(glass * 150).toLocaleString('en-GB')} ml of`)
    if (glass % 6 === 0) await page.reload()
  }
  await pressLevels(page, '4', '7', '0')
  await expect(card(page, 'Altitude')).toContainText('On top')

  const phone = await device({ viewport: { width: 390, height: 780 } })
  await signIn(phone, admin)
  await expect(card(phone, 'Water')).toContainText('4,500 ml of')
  for (let visit = 0; visit < 5; visit += 1) {
    await phone.getByRole('link', { name: 'History' }).click()
    await expect(phone.getByRole('button', { name: /^Edit 10/ })).toBeVisible()
    await phone.getByRole('link', { name: 'Today' }).click()
    await expect(card(phone, 'Water')).toContainText('4,500 ml of')
  }
  for (let slip = 1; slip <= 5; slip += 1) {
    await page.getByRole('navigation').getByRole('link', { name: 'History' }).click()
    await page
      .getByRole('button', { name: /^Delete 150 ml/ })
      .first()
      .click()
    await expect(page.getByRole('button', { name: /^Delete 150 ml/ })).toHaveCount(30 - slip)
  }
})
