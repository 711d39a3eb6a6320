// Helpers for pages that are watched while something happens elsewhere.
import { type Account, enter, expect, type Locator, type Page } from './test'

export const MINUTE = 60_000
export const ago = (ms: number) => new Date(Date.now() - ms).toISOString()

export const rows = (page: Page) =>
  page
    .getByRole('main')
    .getByRole('listitem')
    .filter({ has: page.locator('time') })
export const says = (page: Page, words: string | RegExp): Locator =>
  page.getByRole('main').getByText(words, typeof words === 'string' ? { exact: true } : {})

/**
 * Opens a page and waits until its stream is open. The first event may still be on its way until the page shows
 * something that was logged after this.
 */
export async function watch(page: Page, account: Account, path = '/'): Promise<void> {
  await enter(page, account, path)
  await expect(says(page, 'Live')).toBeVisible()
}

/** Watches a person here and, on another device, their history, which is returned. */
export async function watchWithHistory(
  page: Page,
  device: () => Promise<Page>,
  viewer: Account,
  person: Account,
): Promise<Page> {
  const history = await device()
  await watch(page, viewer, `/people/${person.username}`)
  await watch(history, viewer, `/people/${person.username}/history`)
  return history
}

/** Pretends that another tab is in front, which a test cannot bring about. */
export async function hide(page: Page, hidden: boolean): Promise<void> {
  await page.evaluate((hidden) => {
    Object.defineProperty(document, 'hidden', { value: hidden, configurable: true })
    document.dispatchEvent(new Event('visibilitychange'))
  }, hidden)
}
