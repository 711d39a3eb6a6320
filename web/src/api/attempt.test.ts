// @vitest-environment jsdom
import { expect, test } from 'vitest'
import { Attempt } from './attempt.svelte'
import { ApiError } from './error'

test('an attempt under way is not begun again, however soon', async () => {
  const attempt = new Attempt()
  let begun = 0
  let arrive = (): void => undefined
  const slow = () => {
    begun += 1
    return new Promise<void>((resolve) => (arrive = resolve))
  }
  const presses = [attempt.run(slow), attempt.run(slow), attempt.run(slow)]
  arrive()
  expect(await Promise.all(presses)).toEqual([true, false, false])
  expect(begun).toBe(1)
})

const lost = () => Promise.reject(new ApiError(0, {}))
const refused = () => Promise.reject(new ApiError(403, { code: 'wrong_password' }))

test('a refusal after a try that went unanswered is done, if that one has done it', async () => {
  const attempt = new Attempt()
  const asked: string[] = []
  const settle = (found: boolean) => (problem: ApiError) => {
    asked.push(problem.code)
    return Promise.resolve(found)
  }
  expect(await attempt.run(refused, settle(true))).toBe(false)
  expect(asked).toEqual([])
  expect(await attempt.run(lost, settle(true))).toBe(false)
  expect(asked).toEqual([])
  expect(await attempt.run(refused, settle(false))).toBe(false)
  expect(attempt.problem?.code).toBe('wrong_password')
  expect(await attempt.run(refused, settle(true))).toBe(true)
  expect(asked).toEqual(['wrong_password', 'wrong_password'])
  expect(attempt.problem).toBeUndefined()
  // The findings about an intention end with it.
  expect(await attempt.run(refused, settle(true))).toBe(false)
})

test('an outcome that could not be found out is not claimed', async () => {
  const attempt = new Attempt()
  await attempt.run(lost)
  expect(await attempt.run(refused, lost)).toBe(false)
  expect(attempt.problem?.unanswered).toBe(true)
  expect(await attempt.run(refused, refused)).toBe(false)
  expect(attempt.problem?.code).toBe('wrong_password')
})
