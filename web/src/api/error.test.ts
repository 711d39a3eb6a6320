import { expect, test } from 'vitest'
import { ApiError } from './error'

test.each([
  [401, 'unauthorized', true],
  [401, undefined, true],
  [401, 'invalid_credentials', false],
  [401, 'totp_required', false],
  [401, 'invalid_totp', false],
  [401, 'continuation_over', false],
  [403, 'wrong_password', false],
  [0, undefined, false],
])('%d %s means that nobody is signed in: %s', (status, code, signedOut) => {
  expect(new ApiError(status, code === undefined ? {} : { code }).signedOut).toBe(signedOut)
})
