// A wish about an entry, stored in this browser in this form until the server has answered. Each may be sent as often
// as it takes without harm.
import type { Entry, NewEntry } from '../../api/types'
import { ApiError } from '../../api/error'
import { foreign } from '../../api/transport'

/** A new entry with its own id and moment, whenever it arrives. */
export type Outgoing = NewEntry & { id: string; at: string }
export type Wish =
  /** `amends`: the same entry may have been sent before with other contents, which these replace. */
  | { to: 'log'; entry: Outgoing; amends?: true }
  /** Changes the value of an entry on the server from what it was to that of `entry`. */
  | { to: 'correct'; entry: Entry; from: number | null }
  | { to: 'delete' | 'restore'; entry: Outgoing | Entry }
  /** Takes back the change that made the entry what it is. */
  | { to: 'change'; entry: Entry }

export interface Item {
  wish: Wish
  /** Why it is not done yet; absent while it is on its way for the first time. */
  problem?: ApiError
  /** Whether the server refused it: it is not sent again by itself. */
  refused?: boolean
  /** Whether it has been on its way for seconds. */
  slow?: boolean
  /** Whether it survives this page. */
  kept: boolean
  /** Until when an entry that was sent without an answer may still arrive. */
  late?: number
}

interface Kept {
  wish: Wish
  late?: number
  refused?: { status: number; code: string; detail: string; request_id?: string; fields: Fields }
}
type Fields = Readonly<Record<string, string>>

export function toKept({ wish, late, refused, problem }: Item): Kept {
  const sent = { wish, ...(late && { late }) }
  if (!refused || !problem) return sent
  const { status, code, message: detail, requestId: request_id, fields } = problem
  return { ...sent, refused: { status, code, detail, fields, ...(request_id && { request_id }) } }
}

/** A wish that an earlier page left behind; it may have arrived all the same. */
export function fromKept(kept: unknown): Item | undefined {
  if (typeof kept !== 'object' || kept === null) return undefined
  // Earlier versions stored only entries to log, as they were sent.
  if ('metric' in kept) return fromKept({ wish: { to: 'log', entry: kept } })
  const { wish, late, refused } = kept as Partial<Kept>
  if (!wish) return undefined
  const item = { wish, kept: true, ...(late && { late }) }
  if (!refused) return { ...item, problem: new ApiError(0, {}) }
  const { status, fields, ...said } = refused
  const errors = Object.entries(fields).map(([field, message]) => ({ field, message, code: '' }))
  return { ...item, refused: true, problem: new ApiError(status, { ...said, errors }) }
}

/** The wish that takes back one which may have been carried out; undefined where that is no longer possible. */
export function takenBack(wish: Wish): Wish | undefined {
  if (wish.to === 'log') return { to: 'delete', entry: wish.entry }
  if (wish.to !== 'correct' || isTakenBack(wish)) return undefined
  return { ...wish, entry: { ...wish.entry, value: wish.from } }
}

/** Whether it puts back what stood before a correction. */
export function isTakenBack(wish: Wish): boolean {
  return wish.to === 'correct' && wish.entry.value === wish.from
}

export function isSame(one: Wish, other: Wish): boolean {
  return JSON.stringify(one) === JSON.stringify(other)
}

/** Whether the server has stored this very entry: an answer about another one does not count. */
export function isAnswerTo(sent: Outgoing, got: Partial<Entry>): boolean {
  return (
    got.id === sent.id &&
    got.metric === sent.metric &&
    got.value === sent.value &&
    Date.parse(got.at ?? '') === Date.parse(sent.at)
  )
}

/** The entry that was asked about; an answer about anything else counts as none. */
export function entryOf(id: string, got: Partial<Entry> | undefined): Entry {
  if (got?.id !== id) throw foreign()
  return got as Entry
}
