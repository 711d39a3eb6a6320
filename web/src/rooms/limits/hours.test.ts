import { expect, test } from 'vitest'
import { strips } from './hours'

const hour = (at: string, failed_sign_ins: number) => ({
  at,
  failed_sign_ins,
  penalties: 0,
  suspicious: 0,
  csp_reports: 0,
})

test('each kind is measured by its own tallest hour', () => {
  const hours = [hour('a', 1), hour('b', 4), hour('c', 0)]
  const [failed, penalties] = strips(hours)
  expect(failed).toMatchObject({ total: 5, bars: [0.25, 1, 0], worst: hours[1] })
  expect(penalties).toMatchObject({ total: 0, bars: [0, 0, 0], worst: undefined })
})

test('no hours are no bars', () => {
  expect(strips([]).map(({ total, bars }) => [total, bars])).toEqual([
    [0, []],
    [0, []],
    [0, []],
    [0, []],
  ])
})
