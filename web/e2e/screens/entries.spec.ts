// The history, an entry and its versions, all entries at once.
import { enter, expect, forgetZone, type NewEntry } from '../support/test'
import { ago, day, overfull } from './cast'
import { screens } from './look'

screens({
  'history-empty': async ({ page, admin }) => {
    await enter(page, admin, '/history')
    await expect(page.getByText('Nothing has been logged.')).toBeVisible()
  },
  history: async ({ page, admin, client }) => {
    await client.logAll(day)
    await enter(page, admin, '/history')
    await expect(page.getByText('That is everything.')).toBeVisible()
  },
  'history-overfull': async ({ page, admin, client }) => {
    // A few of each: every one is a row here, and all of them are looked through four times.
    await client.logAll([...overfull.slice(0, 6), ...overfull.slice(-6)])
    await enter(page, admin, '/history')
    await expect(page.getByText('That is everything.')).toBeVisible()
  },
  'history-unknown-zone': async ({ page, admin, client }) => {
    const time_zone = 'America/Argentina/Buenos_Aires'
    await client.send('PATCH', '/me', { time_zone, day_starts_at: 6 })
    // The small hours, in the person's zone and in UTC.
    await client.log({ metric: 'water', value: 250, at: '2026-01-06T04:00:00.000Z', note: 'tea' })
    await client.log({ metric: 'altitude', value: 7, at: '2026-01-05T15:00:00.000Z' })
    await forgetZone(page, time_zone)
    await enter(page, admin, '/history')
    await expect(page.getByText('Tue 04:00', { exact: true })).toBeVisible()
    await expect(page.getByText('Times are in UTC')).toBeVisible()
  },
  'history-of-a-viewer': async ({ page, viewer, admin, client }) => {
    await client.logAll(day)
    await client.share(viewer)
    await enter(page, viewer, `/people/${admin.username}/history`)
    await expect(page.getByText('That is everything.')).toBeVisible()
  },
  'history-in-bands': async ({ page, viewer, admin, client }) => {
    await client.logAll(day)
    await client.share(viewer, { water: 'logged', altitude: 'band' })
    await enter(page, viewer, `/people/${admin.username}/history`)
    await expect(page.getByText('That is everything.')).toBeVisible()
  },
  'entry-dialog': async ({ page, admin }) => {
    await enter(page, admin, '/history')
    await page.getByRole('button', { name: 'Add an entry' }).click()
    await page.getByRole('button', { name: 'Save' }).click()
    await expect(page.locator('[aria-invalid=true]')).toBeVisible()
  },
  'entry-versions': async ({ page, admin, client }) => {
    const { id } = await client.log({ metric: 'water', value: 250, at: ago(12), note: 'tea' })
    const note = 'Wort'.repeat(40)
    await client.send('PATCH', `/entries/${id}`, { value: 5000, note, tags: ['tea', 'hot'] })
    await client.send('DELETE', `/entries/${id}`)
    await client.send('POST', `/entries/${id}/restore`)
    await enter(page, admin, '/history')
    await page.getByRole('button', { name: /^Edit/ }).click()
    await page.getByText('Earlier versions').click()
    await expect(page.locator('dialog details').getByRole('listitem')).toHaveCount(3)
    await page.locator('dialog details').getByRole('listitem').last().scrollIntoViewIfNeeded()
  },
  deleted: async ({ page, admin, client }) => {
    const tags = ['tea', 'a rather long word to find by']
    const entries = [
      ...day,
      { ...day[0], note: 'Wort'.repeat(40), tags },
      { ...overfull[1], value: 5000 },
    ]
    for (const entry of entries as NewEntry[]) {
      const { id } = await client.log(entry)
      await client.send('DELETE', `/entries/${id}`)
    }
    await enter(page, admin, '/history/deleted')
    await expect(page.getByRole('button', { name: /^Restore/ })).toHaveCount(entries.length)
  },
  'deleted-none': async ({ page, admin }) => {
    await enter(page, admin, '/history/deleted')
    await expect(page.getByText('Nothing is deleted.')).toBeVisible()
  },
  'not-saved': async ({ page, admin }) => {
    await enter(page, admin)
    await page.route('**/api/v1/entries', (route) => route.abort())
    await page.getByRole('button', { name: 'Log 250 ml' }).click()
    await expect(page.getByRole('heading', { name: 'Not saved yet' })).toBeVisible()
  },
  'settings-rewind': async ({ page, admin, client }) => {
    await client.logAll(overfull.slice(30))
    await enter(page, admin, '/settings')
    await page.getByLabel('The moment').fill('2026-01-01T00:00')
    await page.getByRole('button', { name: 'Show what would change' }).click()
    await expect(page.getByText('entries go.')).toBeVisible()
  },
  'settings-undo': async ({ page, admin, client }) => {
    await client.logAll(day)
    await enter(page, admin, '/settings')
    await page.getByLabel('The moment').fill('2026-01-01T00:00')
    await page.getByRole('button', { name: 'Show what would change' }).click()
    await page.getByRole('button', { name: /^Put 6 entries back/ }).click()
    await expect(page.getByText('Undo takes it back.')).toBeVisible()
    await expect(page.getByRole('button', { name: 'Undo', exact: true })).toBeEnabled()
    await client.log({ metric: 'water', value: 330, note: 'Wort'.repeat(40) })
    await page.getByRole('button', { name: 'Undo', exact: true }).click()
    await expect(page.getByText('1 entry goes and 6 entries come back.')).toBeVisible()
  },
  'settings-days': async ({ page, admin, client }) => {
    await client.send('PATCH', '/me', { time_zone: 'Pacific/Kiritimati' })
    await client.logAll(day)
    await client.send('PATCH', '/me', { time_zone: 'Pacific/Pago_Pago' })
    await enter(page, admin, '/settings')
    await page.getByRole('button', { name: 'Show what would move' }).click()
    await page.getByText('Which entries move').click()
    await expect(page.getByRole('table', { name: 'Days whose water changes' })).toBeVisible()
  },
})
