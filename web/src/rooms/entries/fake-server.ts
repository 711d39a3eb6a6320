// A server of one person's entries, for tests: the entries, their versions, and whether it can be reached.
import { isDeepStrictEqual } from 'node:util'
import type { Entry } from '../../api/types'
import { ApiError } from '../../api/error'

type Call = [
  string,
  { params?: { path?: { id?: string; number?: number } }; body?: Partial<Entry> },
]

export const server = {
  entries: new Map<string, Entry>(),
  versions: new Map<string, Entry[]>(),
  replaced: new Map<string, string>(),
  asked: [] as string[],
  down: false,
  /** Whether it refuses everything, or all requests of a method. */
  refuses: false as boolean | string,
  limited: false,
  /** Whether something answers in its place. */
  foreign: false,
  proxied: false,
  loses: false,
}

export function reset(): void {
  server.entries.clear()
  server.versions.clear()
  server.asked = []
  server.down =
    server.refuses =
    server.limited =
    server.foreign =
    server.proxied =
    server.loses =
      false
}

/** Stands in for `api/client`. */
export function client() {
  let moment = 0
  const at = () => new Date(++moment).toISOString()
  const find = (id = '') => {
    const entry = server.entries.get(id)
    if (!entry) throw new ApiError(404, { code: 'not_found' })
    return entry
  }
  const change = (id: string, how: (entry: Entry) => Entry) => {
    const before = find(id)
    if (isDeepStrictEqual(how(before), before)) return before
    server.versions.set(id, [before, ...(server.versions.get(id) ?? [])])
    const after = { ...how(before), updated_at: at() }
    server.entries.set(id, after)
    server.replaced.set(id, after.updated_at)
    return after
  }
  const ask =
    (name: string, what: (...call: Call) => unknown) =>
    async (...call: Call) => {
      await Promise.resolve()
      server.asked.push(`${name} ${call[0]}`)
      if (server.down) throw new ApiError(0, {})
      if (server.foreign) return {}
      if (server.proxied) throw new ApiError(0, { code: 'foreign' })
      if (server.refuses === true || server.refuses === name)
        throw new ApiError(422, { code: 'validation_failed' })
      if (server.limited) throw new ApiError(429, { code: 'rate_limited' }, 1_000)
      const answer = what(...call)
      if (server.loses) throw new ApiError(0, {})
      return answer
    }
  const api = {
    POST: ask('POST', (path, { params, body }) => {
      const id = params?.path?.id ?? body?.id ?? ''
      if (path.includes('versions')) {
        const version = server.versions.get(id)?.at(0)
        return { entry: change(id, () => version ?? find(id)) }
      }
      const given = { fl_oz_tenths: null, note: null, tags: [], ...body, day: 'd' }
      const known = server.entries.get(id)
      if (known && isDeepStrictEqual({ ...known, ...given }, known)) return known
      if (known || path.includes('restore')) throw new ApiError(409, { code: 'id_conflict' })
      const entry = { ...given, updated_at: at() } as unknown as Entry
      server.entries.set(id, entry)
      return entry
    }),
    PATCH: ask('PATCH', (_, { params, body }) =>
      change(params?.path?.id ?? '', (entry) => ({ ...entry, ...body })),
    ),
    GET: ask('GET', (path, { params }) => {
      const id = params?.path?.id ?? ''
      if (!path.includes('versions')) return find(id)
      const number = server.versions.get(id)?.length ?? 0
      return { items: [{ number, replaced_at: server.replaced.get(id) ?? '' }] }
    }),
    DELETE: ask('DELETE', (_, { params }) => {
      find(params?.path?.id)
      server.entries.delete(params?.path?.id ?? '')
    }),
  }
  const certainTime = () => Promise.resolve(Date.now())
  return { api, certainTime, answer: (call: Promise<unknown>) => call }
}
