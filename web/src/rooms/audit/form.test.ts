import { expect, test } from 'vitest'
import type { AuditFilter } from '../../lib/routes'
import { formOf, readForm } from './form'

const ZONE = 'Europe/Berlin'

test('a filter is shown by the clock of its reader, and goes back unchanged', () => {
  const filter: AuditFilter = {
    action: 'auth.login',
    outcome: 'failure',
    from: '2026-11-25T10:00:00.000Z',
  }
  const form = formOf(filter, ZONE)
  expect(form).toMatchObject({ actor: '', from: '2026-11-25T11:00', to: '' })
  expect(readForm(form, ZONE)).toEqual(filter)
})

test('what is left empty is no filter', () => {
  expect(readForm({ ...formOf({}, ZONE), actor: ' robin ' }, ZONE)).toEqual({ actor: 'robin' })
  expect(readForm(formOf({}, ZONE), ZONE)).toEqual({})
})
