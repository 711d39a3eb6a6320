// @vitest-environment jsdom
import { expect, test } from 'vitest'
import { answer } from './client'
import { refusal } from './transport'

const signed = { 'server-time': '2026-11-24T08:00:00.000Z' }

function refused(status: number, code: string, headers: Record<string, string> = {}) {
  const said = { 'content-type': 'application/problem+json', ...headers }
  const response = new Response(null, { status, headers: said })
  return refusal(response, { status, code, request_id: 'f00' })
}

test('only the server itself says that something is gone', () => {
  expect(refused(404, 'no_route')).toMatchObject({ status: 0, code: 'foreign' })
  expect(refused(410, 'gone')).toMatchObject({ status: 0, code: 'foreign' })
  expect(refused(404, 'not_found', signed)).toMatchObject({ status: 404, code: 'not_found' })
})

test('a refusal by nginx, before the server sees the request, is understood', () => {
  expect(refused(429, 'rate_limited')).toMatchObject({ status: 429 })
  expect(refused(503, 'unavailable')).toMatchObject({ status: 503 })
  expect(refused(413, 'payload_too_large')).toMatchObject({ status: 413 })
})

test('a success that lacks its body is none; one that has none is', async () => {
  const empty = (status: number) =>
    answer(
      Promise.resolve({
        data: undefined,
        response: new Response(null, { status, headers: signed }),
      }),
    )
  await expect(empty(200)).rejects.toMatchObject({ code: 'foreign' })
  await expect(empty(204)).resolves.toBeUndefined()
})
