// The second factor from end to end, with an authenticator that is a few lines of code.
import { readFileSync } from 'node:fs'
import {
  card,
  enter,
  expect,
  type Page,
  secret,
  submitSignIn,
  test,
  trySignIn,
} from './support/test'
import { STEP_MS, totp } from './support/totp'

const factor = (page: Page) => card(page, 'Second factor')
const codeField = (page: Page) => page.getByLabel('Code from your authenticator')

interface Enrolled {
  /** The code that turned it on. */
  used: string
  codes: string[]
}

const NEARLY_OVER_MS = 5_000

/** A code that stays valid long enough to be typed; one that is nearly over is skipped. */
async function freshCode(key: string): Promise<string> {
  await expect.poll(() => STEP_MS - (Date.now() % STEP_MS)).toBeGreaterThan(NEARLY_OVER_MS)
  return totp(key)
}

async function recoveryCodes(page: Page): Promise<string[]> {
  const codes = factor(page).getByRole('listitem')
  await expect(codes).toHaveCount(10)
  return codes.allTextContents()
}

/** Turns the second factor on as a person does. */
async function enrol(page: Page, password: string): Promise<Enrolled> {
  await factor(page).getByRole('button', { name: 'Turn on' }).click()
  await factor(page).getByLabel('Your password').fill(password)
  await factor(page).getByRole('button', { name: 'Go on' }).click()
  await expect(factor(page).getByRole('img', { name: /QR code/ })).toBeVisible()
  const key = await secret(page, 'Secret')
  const used = await freshCode(key)
  await codeField(page).fill(used)
  await factor(page).getByRole('button', { name: 'Turn on' }).click()
  await expect(factor(page).getByRole('heading', { name: 'Recovery codes' })).toBeVisible()
  return { used, codes: await recoveryCodes(page) }
}

test('it is turned on with a code, and hands out ten recovery codes, once', async ({
  page,
  viewer,
}) => {
  await enter(page, viewer, '/settings')
  await expect(factor(page)).toContainText('a password alone no longer opens your account')
  await factor(page).getByRole('button', { name: 'Turn on' }).click()
  await factor(page).getByLabel('Your password').fill('not my password')
  await factor(page).getByRole('button', { name: 'Go on' }).click()
  await expect(factor(page)).toContainText('This is not your password.')

  await factor(page).getByLabel('Your password').fill(viewer.password)
  await factor(page).getByRole('button', { name: 'Go on' }).click()
  const key = await secret(page, 'Secret')
  expect(key).toMatch(/^[A-Z2-7]{32,}$/)
  const open = factor(page).getByRole('link', { name: /authenticator on this device/ })
  await expect(open).toHaveAttribute('href', new RegExp(`^otpauth://totp/.*secret=${key}`))

  await codeField(page).fill(totp(key, Date.now() - 600_000))
  await factor(page).getByRole('button', { name: 'Turn on' }).click()
  await expect(factor(page)).toContainText('This code does not fit.')
  await expect(codeField(page)).toBeFocused()
  await expect(page.getByRole('button', { name: 'Sign out', exact: true })).toBeVisible()

  await codeField(page).fill(await freshCode(key))
  await factor(page).getByRole('button', { name: 'Turn on' }).click()
  const codes = await recoveryCodes(page)
  expect(new Set(codes).size).toBe(10)

  const saving = page.waitForEvent('download')
  await factor(page).getByRole('link', { name: 'Download' }).click()
  const file = await saving
  expect(file.suggestedFilename()).toBe('status-recovery-codes.txt')
  expect(readFileSync(await file.path(), 'utf8')).toBe(codes.join('\n') + '\n')

  await factor(page).getByRole('button', { name: 'I have saved them' }).click()
  await expect(factor(page)).toContainText('10 recovery codes are left')
  await page.reload()
  await expect(factor(page)).toContainText('It is on')
  await expect(page.getByText(codes[0] ?? 'no code')).toHaveCount(0)
})

test('the drawing is the QR code the server sent, and can be read off a dark page', async ({
  page,
  viewer,
}) => {
  await page.emulateMedia({ colorScheme: 'dark' })
  await enter(page, viewer, '/settings')
  await factor(page).getByRole('button', { name: 'Turn on' }).click()
  await factor(page).getByLabel('Your password').fill(viewer.password)
  const answered = page.waitForResponse('**/api/v1/me/totp')
  await factor(page).getByRole('button', { name: 'Go on' }).click()
  const { qr_svg: picture } = (await (await answered).json()) as { qr_svg: string }
  const path = factor(page)
    .getByRole('img', { name: /QR code/ })
    .locator('path')
  expect(picture).toContain(`d="${(await path.getAttribute('d')) ?? 'nothing'}"`)
  await expect(path).toHaveCSS('fill', 'rgb(0, 0, 0)')
})

test('signing in takes a code: none, a wrong one, a used one and a good one', async ({
  page,
  device,
  viewer,
}) => {
  await enter(page, viewer, '/settings')
  const { used, codes } = await enrol(page, viewer.password)

  const other = await device()
  await other.goto('/history')
  await trySignIn(other, viewer.username, viewer.password)
  await expect(codeField(other)).toBeFocused()
  await expect(codeField(other)).toHaveAttribute('autocomplete', 'one-time-code')
  await expect(codeField(other)).toHaveAttribute('inputmode', 'numeric')
  await expect(other.getByLabel('Username')).toHaveValue(viewer.username)
  // The password is neither stored nor sent again: the continuation from the first step stands for it.
  await expect(other.getByLabel('Password', { exact: true })).toHaveCount(0)
  await expect(other.getByRole('main')).toContainText('A recovery code works too.')

  // The code that turned it on is used up.
  await codeField(other).fill(used)
  await submitSignIn(other)
  await expect(other.getByText('This code is wrong, used already or too old.')).toBeVisible()
  await expect(codeField(other)).toBeFocused()

  await other.getByRole('button', { name: 'Use a recovery code' }).click()
  const recovery = other.getByLabel('Recovery code')
  await expect(recovery).toBeFocused()
  await recovery.fill(codes[3] ?? 'no code')
  await submitSignIn(other)
  await expect(other.getByRole('button', { name: 'Sign out' })).toBeVisible()

  const third = await device()
  await third.goto('/sign-in')
  await trySignIn(third, viewer.username, viewer.password)
  await third.getByRole('button', { name: 'Use a recovery code' }).click()
  await third.getByLabel('Recovery code').fill(codes[3] ?? 'no code')
  await submitSignIn(third)
  await expect(third.getByText('This code is wrong, used already or too old.')).toBeVisible()

  await page.reload()
  await expect(factor(page)).toContainText('9 recovery codes are left')
})

test('turning it off takes the password, and then the password is enough', async ({
  page,
  device,
  viewer,
}) => {
  await enter(page, viewer, '/settings')
  await enrol(page, viewer.password)
  await factor(page).getByRole('button', { name: 'I have saved them' }).click()
  await factor(page).getByRole('button', { name: 'Turn off' }).click()
  const dialog = page.getByRole('dialog', { name: 'Turn off the second factor' })
  await expect(dialog).toContainText('The recovery codes stop working')
  await dialog.getByLabel('Your password').fill('not my password')
  await dialog.getByRole('button', { name: 'Turn off' }).click()
  await expect(dialog).toContainText('The second factor is still on.')
  await dialog.getByLabel('Your password').fill(viewer.password)
  await dialog.getByRole('button', { name: 'Turn off' }).click()
  await expect(dialog).toBeHidden()
  await expect(factor(page).getByRole('button', { name: 'Turn on' })).toBeVisible()

  const other = await device()
  await other.goto('/sign-in')
  await trySignIn(other, viewer.username, viewer.password)
  await expect(other.getByRole('button', { name: 'Sign out' })).toBeVisible()
})
