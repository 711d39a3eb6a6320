import { expect, test } from 'vitest'
import { parseQr } from './qr'

const svg = (path: string, size = '0 0 33 33') =>
  `<?xml version="1.0" standalone="yes"?><svg xmlns="http://www.w3.org/2000/svg" viewBox="${size}"><rect x="0" y="0" width="33" height="33" fill="#fff"/>${path}</svg>`

test('size and outline are taken out of the picture', () => {
  expect(parseQr(svg('<path fill="#000" d="M4 4h1v1H4V4M6 4h2v1H6V4"/>'))).toEqual({
    width: 33,
    height: 33,
    outline: 'M4 4h1v1H4V4M6 4h2v1H6V4',
  })
})

test.each([
  '',
  'no picture',
  svg(''),
  svg('<path fill="#000" d=""/>'),
  svg('<path fill="#000" d="url(javascript:alert(1))"/>'),
  svg('<path d="M4 4h1" />', '-1 0 a b'),
])('%s is not drawn', (text) => {
  expect(parseQr(text)).toBeUndefined()
})
