// @vitest-environment jsdom
import { expect, test } from 'vitest'
import { Attempt } from './attempt.svelte'
import { ApiError } from './error'

test('what is under way is not begun again, however soon', async () => {
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

test('every try of one intention has one id, and the next intention has another', async () => {
  const attempt = new Attempt()
  const ids: string[] = []
  const tried = (outcome: () => Promise<void>) =>
    attempt.run(() => {
      ids.push(attempt.id)
      return outcome()
    })
  const lost = () => Promise.reject(new ApiError(0, {}))
  await tried(lost)
  await tried(lost)
  await tried(() => Promise.resolve())
  await tried(() => Promise.resolve())
  expect(new Set(ids.slice(0, 3)).size).toBe(1)
  expect(ids[3]).not.toBe(ids[0])
})
