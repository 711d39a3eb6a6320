// The requests of the page about one entry. An answer that tells of another entry counts as none: something
// between the page and the server may answer in its place.
import { answer, api } from '../../api/client'
import { ApiError } from '../../api/error'
import { foreign } from '../../api/transport'
import type { Entry, EntryChange, Version } from '../../api/types'
import { entryOf, isAnswerTo, type Outgoing } from './wishes'

const ENTRY = '/api/v1/entries/{id}'

export async function log(outgoing: Outgoing): Promise<Entry> {
  const entry = await answer(api.POST('/api/v1/entries', { body: outgoing }))
  if (!isAnswerTo(outgoing, entry)) throw foreign()
  return entry
}

export async function read(id: string): Promise<Entry> {
  return entryOf(id, await answer(api.GET(ENTRY, { params: { path: { id } } })))
}

export async function patch(id: string, body: EntryChange): Promise<Entry> {
  return entryOf(id, await answer(api.PATCH(ENTRY, { params: { path: { id } }, body })))
}

/** Returns false where there was no such entry. */
export async function remove(id: string): Promise<boolean> {
  try {
    await answer(api.DELETE(ENTRY, { params: { path: { id } } }))
    return true
  } catch (problem) {
    if (problem instanceof ApiError && problem.status === 404) return false
    throw problem
  }
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
