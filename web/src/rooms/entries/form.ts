// The form of an entry: what is typed, what is wrong with it, and what of it is sent. Kept apart from the
// dialog so that it can be tested, and as plain text fields so that it can be kept through a reload.
import type { Entry, EntryChange, Me, Metric } from '../../api/client'
import { characters } from '../../lib/text'
import { fromWall, toWall } from '../../lib/time'
import { fromInput, MOST_ML, toInput } from '../../lib/units'
import type { Draft } from './writer.svelte'

export const DRAFT = 'draft:entry'
export const LONGEST_NOTE = 500

export interface EntryForm {
  /** The entry that is changed; null for a new one. */
  entry: Entry | null
  metric: Metric
  amount: string
  level: string
  /** The time on the wall of the person's zone. */
  wall: string
  note: string
  /** Separated by commas. */
  tags: string
}

type Reader = Pick<Me, 'unit' | 'time_zone'>

export function formOf(entry: Entry | null, me: Reader, now: number): EntryForm {
  const water = entry?.metric === 'water'
  return {
    entry,
    metric: entry?.metric ?? 'water',
    amount: water ? toInput(entry.value ?? 0, me.unit) : '',
    level: entry && !water ? String(entry.value) : '',
    wall: toWall(entry?.at ?? now, me.time_zone),
    note: entry?.note ?? '',
    tags: entry?.tags.join(', ') ?? '',
  }
}

export function tagsOf(text: string): string[] {
  const tags = text.split(',').map((tag) => tag.trim())
  return [...new Set(tags)].filter((tag) => tag !== '')
}

/** What is sent for a new entry, or what is wrong with each field. */
export function readForm(form: EntryForm, me: Reader): { draft: Draft } | { wrong: Wrong } {
  const wrong: Wrong = {}
  const value = form.metric === 'water' ? fromInput(form.amount, me.unit) : Number(form.level)
  const at = fromWall(form.wall, me.time_zone)
  const tags = tagsOf(form.tags)
  if (form.metric === 'altitude' && !value) wrong.value = 'Choose a level from 1 to 10.'
  if (form.metric === 'water' && (value === null || value < 1 || value > MOST_ML)) {
    wrong.value = `Type an amount from 1 ml to ${MOST_ML.toLocaleString('en')} ml.`
  }
  if (at === null) wrong.at = 'Choose a day and a time.'
  if (tags.length > 10) wrong.tags = 'At most ten tags.'
  if (tags.some((tag) => characters(tag) > 32)) wrong.tags = 'A tag has at most 32 characters.'
  if (Object.keys(wrong).length > 0 || value === null || at === null) return { wrong }
  return { draft: { metric: form.metric, value, at, note: form.note.trim() || null, tags } }
}

export type Wrong = Partial<Record<'value' | 'at' | 'note' | 'tags', string>>

/**
 * Only what was touched: a time field knows no seconds and an amount in ounces no millilitres, so sending
 * back what was merely shown would move the entry.
 */
export function changesOf(form: EntryForm, draft: Draft, me: Reader): EntryChange {
  if (!form.entry) return {}
  const shown = formOf(form.entry, me, 0)
  const change: EntryChange = {}
  if (form.amount !== shown.amount || form.level !== shown.level) change.value = draft.value
  if (form.wall !== shown.wall && draft.at) change.at = draft.at
  if (form.note.trim() !== shown.note) change.note = draft.note ?? null
  if (form.tags !== shown.tags) change.tags = draft.tags ?? []
  return change
}
