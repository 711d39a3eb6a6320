// The form of an entry: what is typed, what is wrong with it, and which part of it is sent. Separate from the dialog so
// that it can be tested, and made of plain fields so that it can be stored through a reload.
import type { Entry, EntryChange, Me, Metric } from '../../api/types'
import { type Reading, readAmount, wrongWith } from '../../lib/amounts'
import { characters, tooLong } from '../../lib/text'
import { readWall, wallTime } from '../../lib/time'
import { AMOUNT, amount, type Amount, asAmount, toInput, unitName } from '../../lib/units'
import type { Draft } from './writer.svelte'

export const LONGEST_NOTE = 500
const LONGEST_TAG = 32
const MOST_TAGS = 10

/** Prefix of the keys of all drafts of entries. */
export const ENTRY_DRAFTS = 'entry:'

/** The key under which the draft of a change to an entry, or of a new entry, is stored. */
export function draftKey(entry: Entry | null): string {
  return ENTRY_DRAFTS + (entry?.id ?? 'new')
}

type Reader = Pick<Me, 'unit' | 'time_zone'>

export interface EntryForm {
  /** The entry to change; null for a new one. */
  entry: Entry | null
  /** The unit and the zone that the form is typed in: it is read by them, whatever the person's are by then. */
  reader: Reader
  metric: Metric
  amount: string
  level: string
  /** The local time in the person's zone, and which of the two where it comes twice. */
  wall: string
  second: boolean | null
  note: string
  tags: string[]
  /** Tags that are being typed, separated by commas. */
  typing: string
}

export function formOf(entry: Entry | null, me: Reader, now: number): EntryForm {
  const water = entry?.metric === 'water'
  return {
    entry,
    reader: { unit: me.unit, time_zone: me.time_zone },
    metric: entry?.metric ?? 'water',
    amount: water ? toInput(entry.value ?? 0, me.unit, entry.fl_oz_tenths) : '',
    level: entry && !water ? String(entry.value) : '',
    ...wallTime(entry?.at ?? now, me.time_zone),
    note: entry?.note ?? '',
    tags: entry?.tags ?? [],
    typing: '',
  }
}

/** Converts a form that was typed in another unit or zone for the present reader, without changing its meaning. */
export function forReader(form: EntryForm, me: Reader): EntryForm {
  const { entry, reader: was } = form
  const at = readWall(form, was.time_zone)
  const time_zone = 'at' in at ? me.time_zone : was.time_zone
  const merely = entry !== null && form.amount === formOf(entry, was, 0).amount
  const bare = was.unit !== me.unit && /\p{Nd}\s*$/u.test(form.amount)
  const typed = bare ? `${form.amount.trim()} ${unitName(was.unit)}` : form.amount
  return {
    ...form,
    ...('at' in at && wallTime(at.at, time_zone)),
    amount: merely ? formOf(entry, me, 0).amount : typed,
    reader: { unit: me.unit, time_zone },
  }
}

/** The tags of a form, including the ones that are still being typed: each once. */
export function withTyped({ tags, typing }: Pick<EntryForm, 'tags' | 'typing'>): string[] {
  const typed = typing.split(',').map((tag) => tag.trim())
  const added = typed.filter(
    (tag, at) => tag !== '' && !tags.includes(tag) && typed.indexOf(tag) === at,
  )
  return [...tags, ...added]
}

/**
 * Reads the amount. One that was only shown is the amount it was, since the field has no room for millilitres beside
 * ounces.
 */
export function amountOf({ entry, reader, amount: typed }: EntryForm): Reading<Amount> {
  const shown = entry?.metric === 'water' ? formOf(entry, reader, 0).amount : undefined
  if (entry?.value && typed === shown) {
    const { value: ml, fl_oz_tenths: tenths } = entry
    return { state: 'read', value: asAmount(ml, tenths), said: amount(ml, reader.unit, tenths) }
  }
  return readAmount(typed, reader.unit, AMOUNT)
}

/** Returns the new entry to send, or what is wrong with each field. */
export function readForm(form: EntryForm): { draft: Draft } | { wrong: Wrong } {
  const wrong: Wrong = {}
  const at = readWall(form, form.reader.time_zone)
  const tags = withTyped(form)
  const note = form.note.trim() === '' ? null : form.note
  const read = amountOf(form)
  const level = Number(form.level)
  if (form.metric === 'altitude' && !level) wrong.value = 'Choose a level from 1 to 10.'
  if (form.metric === 'water') {
    const most = amount(AMOUNT.most, form.reader.unit)
    wrong.value = wrongWith(read, `Type an amount of at most ${most}.`)
  }
  if ('wrong' in at) wrong.at = at.wrong
  wrong.note = tooLong(form.note, LONGEST_NOTE)
  if (tags.length > MOST_TAGS) wrong.tags = 'At most ten tags.'
  const long = tags.find((tag) => characters(tag) > LONGEST_TAG)
  if (long !== undefined) wrong.tags = `“${long}”: ${tooLong(long, LONGEST_TAG) ?? ''}`
  if (Object.values(wrong).some(Boolean) || 'wrong' in at) return { wrong }
  const common = { at: at.at, note, tags }
  if (form.metric === 'altitude') return { draft: { metric: form.metric, value: level, ...common } }
  if (read.state !== 'read') return { wrong }
  const { ml, fl_oz_tenths } = read.value
  return {
    draft: { metric: form.metric, value: ml, ...(fl_oz_tenths && { fl_oz_tenths }), ...common },
  }
}

export type Wrong = Partial<Record<'value' | 'at' | 'note' | 'tags', string | undefined>>

/**
 * The touched fields alone. A time field has no seconds and an amount in ounces no millilitres, so sending back what
 * was only shown would change the entry. A form that is saved as it was changes nothing.
 */
export function changesOf(form: EntryForm, draft: Draft): EntryChange {
  if (!form.entry) return {}
  const shown = formOf(form.entry, form.reader, 0)
  const change: EntryChange = {}
  if (form.amount !== shown.amount || form.level !== shown.level) {
    change.value = draft.value
    if (form.metric === 'water') change.fl_oz_tenths = draft.fl_oz_tenths ?? null
  }
  const moved = form.wall !== shown.wall || form.second !== shown.second
  if (moved && draft.at) change.at = draft.at
  if (lines(form.note) !== lines(shown.note)) change.note = draft.note ?? null
  const tags = draft.tags ?? []
  const alike = tags.length === shown.tags.length && tags.every((tag, at) => tag === shown.tags[at])
  if (!alike) change.tags = tags
  return change
}

/** The entry as a change makes it. */
export function withChange(entry: Entry, { fl_oz_tenths, ...change }: EntryChange): Entry {
  const { fl_oz_tenths: before, ...rest } = entry
  const tenths = fl_oz_tenths === undefined ? before : (fl_oz_tenths ?? undefined)
  return { ...rest, ...change, ...(tenths !== undefined && { fl_oz_tenths: tenths }) }
}

/** A text field ends its lines in its own way, whatever was in it before. */
function lines(text: string): string {
  return text.replaceAll(/\r\n?/g, '\n')
}
