import { afterEach, expect, test } from 'vitest'
import { acting, downloadPath } from './acting'

afterEach(() => {
  acting.as = undefined
})

test('a download names the account that it is made for', () => {
  expect(downloadPath('/export', { format: 'csv' })).toBe('/export?format=csv')
  acting.as = 'ada'
  expect(downloadPath('/export', { format: 'csv' })).toBe('/export?format=csv&acting_as=ada')
})
