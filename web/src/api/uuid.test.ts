import { expect, test } from 'vitest'
import { newId, uuidv7 } from './uuid'

test('is the example of RFC 9562, appendix A.6', () => {
  const random = Uint8Array.from([0x0c, 0xc3, 0x18, 0xc4, 0xdc, 0x0c, 0x0c, 0x07, 0x39, 0x8f])
  expect(uuidv7(0x017f22e279b0, random)).toBe('017f22e2-79b0-7cc3-98c4-dc0c0c07398f')
})

test('sorts by time', () => {
  const zeros = new Uint8Array(10)
  const ids = [2, 0, 1_700_000_000_000, 1].map((time) => uuidv7(time, zeros)).sort()
  expect(ids).toEqual([0, 1, 2, 1_700_000_000_000].map((time) => uuidv7(time, zeros)))
})

test('differs at the same moment', () => {
  expect(newId(1)).not.toBe(newId(1))
})
