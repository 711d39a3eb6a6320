import { expect, test } from 'vitest'
import type { Me } from '../../api/types'
import {
  draftOf,
  draftSince,
  formOf,
  inUnit,
  type ProfileForm,
  readForm,
  unsaved,
  withDraft,
  zones,
} from './profile'

const me: Me = {
  username: 'ada',
  display_name: 'Ada',
  role: 'admin',
  disabled: false,
  locked_until: null,
  last_login_at: null,
  created_at: '2026-01-01T00:00:00.000Z',
  time_zone: 'Europe/Berlin',
  time_zone_set: true,
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

test('an amount keeps its millilitres through any number of changes of the unit', () => {
  const thereAndBack = (form: ProfileForm) => inUnit(inUnit(form, 'fl_oz'), 'ml')
  const again = thereAndBack(thereAndBack(formOf(me)))
  expect(again).toEqual(formOf(me))
  expect([unsaved(again, me), readForm(again, me)]).toEqual([[], { change: {} }])

  const typed = { ...formOf(me), goal: '2050', presets: ['151', '250', '500'] }
  const ounces = inUnit(typed, 'fl_oz')
  expect(ounces).toMatchObject({ goal: '69.3', presets: ['5.1', '8.5', '16.9'] })
  const change = { daily_goal_ml: 2050, water_presets_ml: [151, 250, 500] }
  expect(readForm(ounces, me)).toEqual({ change: { unit: 'fl_oz', ...change } })
  expect(unsaved(ounces, me)).toEqual(['unit', 'goal', 'amounts'])
  const stored = withDraft(me, draftOf(ounces, me))
  expect(thereAndBack(inUnit(stored, 'ml'))).toMatchObject({ goal: '2050', presets: typed.presets })
  expect(readForm({ ...ounces, goal: '70' }, me)).toHaveProperty('change.daily_goal_ml', 2070)
})

test('an amount in ounces is shown in millilitres as the account has it', () => {
  const account = { ...me, unit: 'fl_oz' } as const
  const form = inUnit(formOf(account), 'ml')
  expect(form).toMatchObject({ goal: '2000', presets: ['150', '250', '500'] })
  expect(readForm(form, account)).toEqual({ change: { unit: 'ml' } })
  const typed = { ...formOf(account), presets: ['169.1', '8', '16'] }
  expect(inUnit(inUnit(typed, 'ml'), 'fl_oz')).toMatchObject({ presets: typed.presets })
})

test('an amount that was changed elsewhere keeps its millilitres beside a draft', () => {
  const draft = draftOf(inUnit({ ...formOf(me), presets: ['150', '200', '500'] }, 'fl_oz'), me)
  const elsewhere = { ...me, daily_goal_ml: 1805 }
  expect(inUnit(withDraft(elsewhere, draft), 'ml')).toMatchObject({
    goal: '1805',
    presets: ['150', '200', '500'],
  })
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

test('an amount is read as the person writes it, and limits are told in their unit', () => {
  const read = (part: object) => readForm({ ...formOf(me), ...part }, me)
  expect(read({ goal: '1,500' })).toEqual({ change: { daily_goal_ml: 1500 } })
  expect(read({ goal: '1.500' })).toHaveProperty('wrong.daily_goal_ml')
  expect(read({ goal: '2.5 l' })).toEqual({ change: { daily_goal_ml: 2500 } })
  expect(read({ goal: '2000.4' })).toHaveProperty('wrong.daily_goal_ml')
  expect(read({ unit: 'fl_oz', goal: '64', presets: ['5.1', '8.5', '16.9'] })).toEqual({
    change: { unit: 'fl_oz', daily_goal_ml: 1893 },
  })
  const least = 'Type a goal from 3.4\u00a0fl\u00a0oz to 338.1\u00a0fl\u00a0oz.'
  expect(read({ unit: 'fl_oz', goal: '2' })).toMatchObject({ wrong: { daily_goal_ml: least } })
})

test('a name that was merely shown is not trimmed', () => {
  const spaced = { ...me, display_name: ' Ada ' }
  expect(readForm(formOf(spaced), spaced)).toEqual({ change: {} })
  expect(readForm({ ...formOf(me), name: '😀'.repeat(64) }, me)).toHaveProperty('change')
  expect(readForm({ ...formOf(me), name: '😀'.repeat(65) }, me)).toHaveProperty(
    'wrong.display_name',
  )
})

test('unsaved fields are named and stored, and leave changes from elsewhere alone', () => {
  expect(unsaved(formOf(me), me)).toEqual([])
  expect(draftOf(formOf(me), me)).toBeUndefined()
  expect(unsaved(inUnit(formOf(me), 'fl_oz'), me)).toEqual(['unit'])
  const form = { ...formOf(me), goal: '2500', ageing: '7', stale: '30' }
  expect(unsaved(form, me)).toEqual(['goal', 'hours'])
  const elsewhere = { ...me, display_name: 'Ada L.', daily_goal_ml: 1800 }
  const again = withDraft(elsewhere, draftOf(form, me))
  expect(again).toMatchObject({ name: 'Ada L.', goal: '2500', ageing: '7', stale: '30' })
  const ounces = { ...me, unit: 'fl_oz' } as const
  expect(withDraft(ounces, draftOf(form, me))).toMatchObject({ unit: 'ml', goal: '2500' })
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
  expect(zones('Europe/Nowhere').map(({ zone }) => zone)).toContain('Europe/Nowhere')
  expect(zones().map(({ zone }) => zone)).toContain('UTC')
})

test('a form that is typed on while it is saved keeps the rest, and nothing else', () => {
  const sent = { ...formOf(me), name: ' Ada L. ', goal: '1.8 l' }
  const now = { ...me, display_name: 'Ada L.', daily_goal_ml: 1800 }
  expect(draftSince(sent, sent, now)).toBeUndefined()
  const ageing = draftSince(sent, { ...sent, ageing: '8' }, now)
  expect(unsaved(withDraft(now, ageing), now)).toEqual(['hours'])
  expect(readForm(withDraft(now, ageing), now)).toEqual({ change: { ageing_after_hours: 8 } })
  // The same field, typed over once more.
  const goal = draftSince(sent, { ...sent, goal: '1900' }, now)
  expect(readForm(withDraft(now, goal), now)).toEqual({ change: { daily_goal_ml: 1900 } })
  const unit = draftSince(sent, inUnit(sent, 'fl_oz'), now)
  expect(readForm(withDraft(now, unit), now)).toEqual({ change: { unit: 'fl_oz' } })
  // A change of another device that came meanwhile was not typed here.
  const elsewhere = { ...now, day_starts_at: 5 }
  expect(draftSince(sent, { ...sent, startsAt: '5' }, elsewhere)).toBeUndefined()
})
