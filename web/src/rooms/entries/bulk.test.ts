// @vitest-environment jsdom
import { expect, test } from 'vitest'
import { ApiError } from '../../api/error'
import { Bulk } from './bulk.svelte'

/** A server whose entries can change: applying takes the digest of what they are now. */
function server() {
  const asked: string[] = []
  const now = { digest: 'a' }
  const bulk = new Bulk((dryRun, digest) => {
    asked.push(dryRun ? 'preview' : `apply ${digest ?? ''}`)
    const fits = dryRun || digest === now.digest
    return fits
      ? Promise.resolve({ digest: now.digest, applied: !dryRun })
      : Promise.reject(new ApiError(409, { code: 'changed_since_preview' }))
  })
  return { asked, now, bulk }
}

test('the change that was shown is the one that is applied', async () => {
  const { asked, bulk } = server()
  await bulk.preview()
  expect(await bulk.apply()).toBe(true)
  expect(asked).toEqual(['preview', 'apply a'])
  expect(bulk.shown).toEqual({ digest: 'a', applied: true })
})

test('a change that is another one meanwhile is shown again, and applied only then', async () => {
  const { asked, now, bulk } = server()
  await bulk.preview()
  now.digest = 'b'
  expect(await bulk.apply()).toBe(false)
  expect([bulk.overtaken, bulk.shown?.digest]).toEqual([true, 'b'])
  expect(await bulk.apply()).toBe(true)
  expect(bulk.overtaken).toBe(false)
  expect(asked).toEqual(['preview', 'apply a', 'preview', 'apply b'])
})

test('another refusal keeps the preview', async () => {
  const bulk = new Bulk((dryRun) =>
    dryRun
      ? Promise.resolve({ digest: 'a', applied: false })
      : Promise.reject(new ApiError(503, {})),
  )
  await bulk.preview()
  expect(await bulk.apply()).toBe(false)
  expect([bulk.shown?.digest, bulk.attempt.problem?.status]).toEqual(['a', 503])
})
