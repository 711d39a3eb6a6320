// The requests of the page about one entry. An answer that tells of another entry counts as none: something
// between the page and the server may answer in its place.
import { answer, api } from '../../api/client'
import { ApiError } from '../../api/error'
import { foreign } from '../../api/transport'
import type { Entry, EntryChange, Version } from '../../api/types'
import { entryOf, isAnswerTo, type Outgoing } from './wishes'

const ENTRY = '/api/v1/entries/{id}'

/** Sends an entry. `amends`: if it arrived before with other contents, it gets these. */
export async function log(outgoing: Outgoing, amends = false): Promise<Entry> {
  const entry = await answer(api.POST('/api/v1/entries', { body: outgoing })).catch(
    (problem: unknown) => {
      const differs = problem instanceof ApiError && problem.code === 'id_conflict'
      if (!amends || !differs) throw problem
      return amend(outgoing, problem)
    },
  )
  if (!isAnswerTo(outgoing, entry)) throw foreign()
  return entry
}

async function amend(outgoing: Outgoing, conflict: ApiError): Promise<Entry> {
  const { id, metric, value, fl_oz_tenths = null, at, note = null, tags } = outgoing
  const there = (await unlessGone(read(id))) ?? (await restore(id))
  if (there.metric !== metric) throw conflict
  return patch(id, { value, fl_oz_tenths, at, note, tags: tags ?? [] })
}

export async function read(id: string): Promise<Entry> {
  return entryOf(id, await answer(api.GET(ENTRY, { params: { path: { id } } })))
}

export async function patch(id: string, body: EntryChange): Promise<Entry> {
  return entryOf(id, await answer(api.PATCH(ENTRY, { params: { path: { id } }, body })))
}

/** Returns null where there is no such entry. */
export async function unlessGone<T>(call: Promise<T>): Promise<T | null> {
  try {
    return await call
  } catch (problem) {
    if (problem instanceof ApiError && problem.status === 404) return null
    throw problem
  }
}

/** Returns false where there was no such entry. */
export async function remove(id: string): Promise<boolean> {
  const removed = answer(api.DELETE(ENTRY, { params: { path: { id } } }))
  return (await unlessGone(removed)) !== null
}

export async function restore(id: string): Promise<Entry> {
  const restored = api.POST('/api/v1/entries/{id}/restore', { params: { path: { id } } })
  return entryOf(id, await answer(restored))
}

/** Puts an entry back to a version. Returns null where it was deleted in that version. */
export async function toVersion(id: string, number: number): Promise<Entry | null> {
  const params = { path: { id, number } }
  const { entry } = await answer(
    api.POST('/api/v1/entries/{id}/versions/{number}/restore', { params }),
  )
  return entry === null ? null : entryOf(id, entry)
}

/** The latest versions, newest first. */
export async function versions(id: string, limit: number): Promise<Version[]> {
  const params = { path: { id }, query: { limit } }
  const { items } = await answer(api.GET('/api/v1/entries/{id}/versions', { params }))
  if (!Array.isArray(items)) throw foreign()
  return items
}
