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
  expect(readForm(form, ZONE, filter)).toEqual(filter)
})

test('a field that is left empty is no filter', () => {
  expect(readForm({ ...formOf({}, ZONE), actor: ' robin ' }, ZONE, {})).toEqual({ actor: 'robin' })
  expect(readForm(formOf({}, ZONE), ZONE, {})).toEqual({})
})

test('a time that was only shown stays the instant it was', () => {
  const filter: AuditFilter = { from: '2026-10-25T01:30:00.000Z', to: '2026-11-25T10:00:59.999Z' }
  const form = formOf(filter, ZONE)
  expect(form).toMatchObject({ from: '2026-10-25T02:30', to: '2026-11-25T11:00' })
  expect(readForm({ ...form, actor: 'robin' }, ZONE, filter)).toEqual({ actor: 'robin', ...filter })
  expect(readForm({ ...form, from: '', to: '2026-11-25T11:01' }, ZONE, filter)).toEqual({
    to: '2026-11-25T10:01:00.000Z',
  })
})
