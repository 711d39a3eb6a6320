import { expect, test } from 'vitest'
import type { Me } from '../../api/client'
import { formOf, inUnit, readForm, zones } from './profile'

const me: Me = {
  username: 'ada',
  display_name: 'Ada',
  role: 'admin',
  disabled: false,
  locked_until: null,
  last_login_at: null,
  created_at: '2026-01-01T00:00:00.000Z',
  time_zone: 'Europe/Berlin',
  day_starts_at: 4,
  unit: 'ml',
  daily_goal_ml: 2000,
  password_change_required: false,
  privacy_policy_due: false,
  water_presets_ml: [150, 250, 500],
  sharing: 'approved',
  ageing_after_hours: 6,
  stale_after_hours: 24,
}

test('only what differs is sent', () => {
  const form = formOf(me)
  expect(readForm(form, me)).toEqual({ change: {} })
  expect(readForm({ ...form, name: ' Ada L. ', presets: ['150', '200', '500'] }, me)).toEqual({
    change: { display_name: 'Ada L.', water_presets_ml: [150, 200, 500] },
  })
})

test('changing the unit changes no amount, there and back', () => {
  const ounces = inUnit(formOf(me), 'fl_oz')
  expect(ounces).toMatchObject({ goal: '67.6', presets: ['5.1', '8.5', '16.9'] })
  expect(readForm(ounces, me)).toEqual({ change: { unit: 'fl_oz' } })
})

test('each field says what is wrong with it', () => {
  const form = { ...formOf(me), name: ' ', goal: '99', presets: ['1', '5001', 'a'] }
  const read = readForm(form, me)
  expect('wrong' in read && Object.keys(read.wrong)).toEqual([
    'display_name',
    'daily_goal_ml',
    'water_presets_ml',
  ])
})

test('the hours of freshness are whole, in reach, and in order', () => {
  const read = (ageing: string, stale: string) => readForm({ ...formOf(me), ageing, stale }, me)
  expect(read('4', ' 48')).toEqual({ change: { ageing_after_hours: 4, stale_after_hours: 48 } })
  for (const [ageing, stale] of [
    ['6', '6'],
    ['6', '337'],
    ['24', '12'],
  ] as const) {
    const { wrong } = read(ageing, stale) as { wrong: object }
    expect(Object.keys(wrong)).toEqual(['stale_after_hours'])
  }
  for (const ageing of ['0', '169', '1.5', '', 'six']) {
    expect(read(ageing, '336')).toHaveProperty('wrong.ageing_after_hours')
  }
})

test('the zone of the account is offered even if this browser does not know it', () => {
  expect(zones('Europe/Nowhere')).toContain('Europe/Nowhere')
  expect(zones()).toContain('UTC')
})
