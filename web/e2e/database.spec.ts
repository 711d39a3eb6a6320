// The database as an admin sees it: its size, a check and an optimisation.
import { told } from './screens/cast'
import { card, enter, expect, test } from './support/test'

test('the database is checked and optimised while the server goes on', async ({
  page,
  admin,
  client,
}) => {
  await client.log({ metric: 'water', value: 250 })
  await enter(page, admin, '/admin/server')
  const database = card(page, 'Database')
  await expect(database).toContainText(/\d+ KB, .* of it free/)
  await database.getByRole('button', { name: 'Check now' }).click()
  await expect(database).toContainText('sound')
  await database.getByRole('button', { name: 'Optimise now' }).click()
  await expect(database.getByText('Not yet')).toBeHidden()
  await expect(database.getByRole('alert')).toBeHidden()
})

test('a fault that a check found is told with what to do', async ({ page, admin }) => {
  await told(page, 'admin/database', (report: object) => ({
    ...report,
    checked_at: '2026-03-01T12:00:00.000Z',
    fault: 'row 3 missing from index',
  }))
  await enter(page, admin, '/admin/server')
  const database = card(page, 'Database')
  await expect(database.getByRole('alert')).toContainText(
    'row 3 missing from index. Make a backup now',
  )
  await expect(database).not.toContainText('sound')
})
