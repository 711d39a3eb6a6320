// @vitest-environment jsdom
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { acting } from './acting'
import { forgetAnswers } from './known'
import { send } from './transport'

const PEOPLE = 'https://status.test/api/v1/people'
let asked: (string | null)[]
let answers: Response[]

const said = { 'server-time': '2026-11-24T08:00:00.000Z', 'content-type': 'application/json' }
const fresh = (body: string, etag?: string) =>
  new Response(body, { headers: { ...said, ...(etag !== undefined && { etag }) } })
const unchanged = () =>
  new Response(null, { status: 304, headers: { 'server-time': said['server-time'] } })

async function get(url = PEOPLE): Promise<string> {
  return (await send(new Request(url))).text()
}

beforeEach(() => {
  forgetAnswers()
  localStorage.clear()
  acting.as = 'ada'
  asked = []
  answers = []
  vi.stubGlobal('fetch', ({ headers }: Request) => {
    asked.push(headers.get('if-none-match'))
    return Promise.resolve(answers.shift()!)
  })
})
afterEach(() => {
  acting.as = undefined
  vi.unstubAllGlobals()
})

test('an answer that has not changed is the one that is known, as often as it is asked for', async () => {
  answers = [fresh('{"a":1}', '"1"'), unchanged(), unchanged()]
  expect([await get(), await get(), await get()]).toEqual(Array(3).fill('{"a":1}'))
  expect(asked).toEqual([null, '"1"', '"1"'])
})

test('an answer that has changed takes the place of the one before', async () => {
  answers = [fresh('1', '"1"'), fresh('2', '"2"'), unchanged(), fresh('3'), fresh('4')]
  expect([await get(), await get(), await get()]).toEqual(['1', '2', '2'])
  expect([await get(), await get()]).toEqual(['3', '4'])
  expect(asked).toEqual([null, '"1"', '"2"', '"2"', null])
})

test('each address is known by itself', async () => {
  answers = [fresh('1', '"1"'), fresh('2', '"2"'), unchanged(), unchanged()]
  await get(`${PEOPLE}?limit=1`)
  await get(`${PEOPLE}?limit=2`)
  expect(await get(`${PEOPLE}?limit=1`)).toBe('1')
  expect(await get(`${PEOPLE}?limit=2`)).toBe('2')
  expect(asked.slice(2)).toEqual(['"1"', '"2"'])
})

test('nothing that one was answered is asked about, or given, to another', async () => {
  answers = [fresh('of ada', '"1"'), fresh('of bob', '"1"'), fresh('of ada', '"1"')]
  expect(await get()).toBe('of ada')
  acting.as = 'bob'
  expect(await get()).toBe('of bob')
  acting.as = 'ada'
  expect(await get()).toBe('of ada')
  expect(asked).toEqual([null, null, null])
})

test('an answer that comes after its owner has gone is not stored', async () => {
  let arrive: (answer: Response) => void = () => undefined
  vi.stubGlobal('fetch', ({ headers }: Request) => {
    asked.push(headers.get('if-none-match'))
    return asked.length === 1
      ? new Promise<Response>((done) => (arrive = done))
      : Promise.resolve(fresh('of bob'))
  })
  const late = get()
  await vi.waitFor(() => {
    expect(asked).toHaveLength(1)
  })
  forgetAnswers()
  acting.as = 'bob'
  arrive(fresh('of ada', '"1"'))
  await late
  expect(await get()).toBe('of bob')
  expect(asked).toEqual([null, null])
})

test('a write is never answered from what is known, and a refusal forgets', async () => {
  answers = [fresh('1', '"1"'), fresh('done'), fresh('{}', '"x"')]
  await get()
  await send(new Request(PEOPLE, { method: 'POST', body: '{}' }))
  expect(asked[1]).toBeNull()
  const refusal = JSON.stringify({ status: 404, code: 'not_found', request_id: 'f00' })
  answers = [
    new Response(refusal, {
      status: 404,
      headers: { 'content-type': 'application/problem+json' },
    }),
    fresh('2'),
  ]
  await get()
  await get()
  expect(asked.slice(2)).toEqual(['"1"', null])
})

test('the last forty are known', async () => {
  answers = Array.from({ length: 41 }, (_, n) => fresh(String(n), `"${n}"`))
  for (let n = 0; n <= 40; n += 1) await get(`${PEOPLE}?limit=${n}`)
  answers = [fresh('0'), unchanged()]
  expect(await get(`${PEOPLE}?limit=0`)).toBe('0')
  expect(await get(`${PEOPLE}?limit=40`)).toBe('40')
  expect(asked.slice(41)).toEqual([null, '"40"'])
})

test('an unchanged answer that something else gives is none', async () => {
  answers = [fresh('1', '"1"'), new Response(null, { status: 304 })]
  await get()
  await expect(get()).rejects.toMatchObject({ code: 'foreign' })
})
