// The whole path without a pointer: nothing here clicks.
import { expect, type Locator, type Page, stopClock, test, toast } from './support/test'

/** Presses Tab until `target` has the focus, and checks that the focus is visible. */
async function tabTo(page: Page, target: Locator, key = 'Tab'): Promise<void> {
  await expect(target).toBeVisible()
  for (let presses = 0; presses < 60; presses += 1) {
    const focused = await target.evaluate((element) => element === document.activeElement)
    if (focused) {
      const outline = await target.evaluate((element) => getComputedStyle(element).outlineStyle)
      expect(outline, 'the focus has an outline').not.toBe('none')
      return
    }
    await page.keyboard.press(key)
  }
  throw new Error(`Tab never led to ${String(target)}`)
}

test('register, watch and sign out with the keyboard alone', async ({ page }) => {
  await page.goto('/sign-in')
  await tabTo(page, page.getByRole('link', { name: 'Create an account' }))
  await page.keyboard.press('Enter')
  const username = page.getByLabel('Username')
  await tabTo(page, username)
  await page.keyboard.type(`keys-${Date.now().toString(36)}`)
  await tabTo(page, page.getByLabel('Password', { exact: true }))
  await page.keyboard.type('Quiet-Harbour-71-lanterns')
  await tabTo(page, page.getByRole('group', { name: 'Privacy policy' }))
  await page.keyboard.press('PageDown')
  await tabTo(page, page.getByRole('checkbox', { name: /privacy policy/ }))
  await page.keyboard.press('Space')
  await page.keyboard.press('Enter')
  await expect(page.getByRole('heading', { level: 1 })).toBeVisible()
  await tabTo(page, page.getByRole('button', { name: 'Sign out' }))
  await page.keyboard.press('Enter')
  await expect(page.getByRole('heading', { name: 'Sign in' })).toBeVisible()
})

test('sign in, log, undo, correct, delete and sign out with the keyboard alone', async ({
  page,
  admin,
  client,
}) => {
  const values = async () =>
    (await client.entries()).map(({ value }) => value).sort((a, b) => a - b)
  // The arrows log after a pause, which must not end before the next key.
  await stopClock(page)
  await page.goto('/')
  await tabTo(page, page.getByLabel('Username'))
  await page.keyboard.type(admin.username)
  await tabTo(page, page.getByLabel('Password', { exact: true }))
  await page.keyboard.type(admin.password)
  await page.keyboard.press('Enter')
  await expect(page.getByRole('heading', { name: 'Today' })).toBeVisible()

  // The skip link is the first stop, and leads past the bar.
  await page.reload()
  await expect(page.getByRole('heading', { name: 'Today' })).toBeVisible()
  await page.keyboard.press('Tab')
  await expect(page.getByRole('link', { name: 'Skip to the page' })).toBeFocused()
  await page.keyboard.press('Enter')
  await expect(page.getByRole('main')).toBeFocused()

  await tabTo(page, page.getByRole('button', { name: 'Log 250 ml' }))
  await page.keyboard.press('Enter')
  await expect.poll(values).toEqual([250])

  // Arrows choose, Enter logs, Escape takes back what was not logged.
  const slider = page.getByRole('slider')
  await tabTo(page, slider)
  await page.keyboard.press('End')
  await page.keyboard.press('Escape')
  await page.keyboard.press('Home')
  await page.keyboard.press('ArrowRight')
  await page.keyboard.press('Enter')
  await expect(toast(page, 'Altitude 2')).toBeVisible()
  expect(await values()).toEqual([2, 250])

  await page.keyboard.press('Control+z')
  await expect.poll(values).toEqual([250])

  await tabTo(page, page.getByRole('button', { name: 'Other' }), 'Shift+Tab')
  await page.keyboard.press('Enter')
  await tabTo(page, page.getByLabel('Other amount (ml)'))
  await page.keyboard.type('330')
  await page.keyboard.press('Enter')
  await expect.poll(values).toEqual([250, 330])

  await tabTo(
    page,
    page.getByRole('navigation').getByRole('link', { name: 'History' }),
    'Shift+Tab',
  )
  await page.keyboard.press('Enter')
  await expect(page.getByRole('heading', { name: 'History' })).toBeFocused()

  const edit = page.getByRole('button', { name: /^Edit 330 ml/ })
  await tabTo(page, edit)
  await page.keyboard.press('Enter')
  const dialog = page.getByRole('dialog', { name: 'Edit entry' })
  await tabTo(page, dialog.getByLabel('Amount (ml)'))
  await page.keyboard.press('Control+a')
  await page.keyboard.type('345')
  await page.keyboard.press('Enter')
  await expect(dialog).toBeHidden()
  await expect.poll(values).toEqual([250, 345])

  // Escape closes a dialog, and the focus is back where it came from.
  const add = page.getByRole('button', { name: 'Add an entry' })
  await tabTo(page, add, 'Shift+Tab')
  await page.keyboard.press('Enter')
  await expect(page.getByRole('dialog')).toBeVisible()
  await page.keyboard.press('Escape')
  await expect(page.getByRole('dialog')).toBeHidden()
  await expect(add).toBeFocused()

  await tabTo(page, page.getByRole('button', { name: /^Delete 345 ml/ }))
  await page.keyboard.press('Enter')
  await expect.poll(values).toEqual([250])
  await expect(page.getByRole('button', { name: /^Delete 250 ml/ })).toBeFocused()

  await tabTo(page, page.getByRole('button', { name: 'Sign out' }), 'Shift+Tab')
  await page.keyboard.press('Enter')
  await expect(page.getByRole('heading', { name: 'Sign in' })).toBeVisible()
})
