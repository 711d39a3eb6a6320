// Helpers for the pages on which sharing is decided, and for the viewer it is about.
import type { APIRequestContext } from '@playwright/test'
import { type Account, card, Client, type Locator, type Page } from './test'

/** The line about somebody in a card of the page. */
export const row = (page: Page, region: string, name: string): Locator =>
  card(page, region).getByRole('listitem').filter({ hasText: name })

/** The dialog with the terms for a viewer, once it is open. */
export const termsOf = (page: Page, viewer: Account): Locator =>
  page.getByRole('dialog', { name: `What ${viewer.username} sees` })

/** Opens the terms for a viewer, and returns their dialog. */
export async function openTerms(page: Page, viewer: Account): Promise<Locator> {
  await page.getByRole('button', { name: `Change what ${viewer.username} sees` }).click()
  return termsOf(page, viewer)
}

export const detailOf = (terms: Locator, metric: 'Water' | 'Altitude', detail: string): Locator =>
  terms.getByRole('group', { name: metric }).getByRole('radio', { name: detail })

export const historyOf = (terms: Locator): Locator =>
  terms.getByRole('checkbox', { name: /^History/ })

/** A viewer without a page: what they ask of a person, and what they are answered. */
export async function reader(request: APIRequestContext, viewer: Account, person: Account) {
  const client = await Client.signIn(request, viewer)
  const about = (method: string, what: string) =>
    client.send(method, `/people/${person.username}/${what}`)
  return {
    ask: () => about('POST', 'share-requests'),
    entries: () => about('GET', 'entries'),
    status: () => about('GET', 'status'),
    /** The HTTP status of asking how the person is: 404 where they may not be watched. */
    sees: async () => (await about('GET', 'status')).status(),
  }
}
