// The words for changes to one entry, and to many at once.
import type { Entry, Rewind, Version } from '../../api/types'
import { number } from '../../lib/numbers'

type Fact = Pick<Entry, 'value' | 'at' | 'day' | 'note' | 'tags' | 'fl_oz_tenths'> & {
  deleted: boolean
}

export function factOf({ value, at, day, note, tags, fl_oz_tenths }: Entry): Fact {
  return { value, at, day, note, tags, ...tenths(fl_oz_tenths), deleted: false }
}

function tenths(fl_oz_tenths: number | undefined): Pick<Fact, 'fl_oz_tenths'> {
  return fl_oz_tenths === undefined ? {} : { fl_oz_tenths }
}

/** Says what was done to an entry between two versions: `deleted it`, `changed the amount and the note` */
export function changeWords(before: Fact, after: Fact, metric: Entry['metric']): string {
  if (!before.deleted && after.deleted) return 'deleted it'
  const back = before.deleted && !after.deleted
  const changed = [
    before.value !== after.value && (metric === 'water' ? 'the amount' : 'the level'),
    before.value === after.value &&
      before.fl_oz_tenths !== after.fl_oz_tenths &&
      'the unit it was typed in',
    before.at !== after.at && 'the time',
    (before.note ?? null) !== (after.note ?? null) && 'the note',
    before.tags.join() !== after.tags.join() && 'the tags',
    before.at === after.at && before.day !== after.day && 'its day',
  ].filter((what) => what !== false)
  if (back) return changed.length > 0 ? 'brought it back, changed' : 'brought it back'
  return changed.length > 0 ? `changed ${listed(changed)}` : 'saved it again'
}

/** `a`, `a and b`, `a, b and c` */
export function listed(parts: string[]): string {
  const last = parts.at(-1) ?? ''
  return parts.length > 1 ? `${parts.slice(0, -1).join(', ')} and ${last}` : last
}

/** `1 entry` or `1,200 entries` */
export function entries(count: number): string {
  return count === 1 ? '1 entry' : `${number(count)} entries`
}

export type Counts = Pick<Rewind, 'removed' | 'changed' | 'brought_back'>

/** The effect of going back to a moment: `3 entries go and 1 entry comes back.` */
export function rewindWords({ removed, changed, brought_back }: Counts, done: boolean): string {
  const verb = (count: number, one: string, many: string) => (count === 1 ? one : many)
  const parts = [
    removed > 0 && `${entries(removed)} ${done ? 'went' : verb(removed, 'goes', 'go')}`,
    changed > 0 &&
      `${entries(changed)} ${done ? verb(changed, 'was', 'were') : verb(changed, 'is', 'are')} changed back`,
    brought_back > 0 &&
      `${entries(brought_back)} ${done ? 'came' : verb(brought_back, 'comes', 'come')} back`,
  ].filter((part) => part !== false)
  return parts.length > 0 ? `${listed(parts)}.` : 'Your entries are as they were then.'
}

/** Whether going back changes no more entries than the change did, and so undoes just that. */
export function onlyUndoes(back: Counts, done: Counts): boolean {
  return (
    back.removed <= done.brought_back &&
    back.changed <= done.changed &&
    back.brought_back <= done.removed
  )
}

/** The fact that a version holds. */
export function factOfVersion(version: Version): Fact {
  const { value, at, day, note, tags, fl_oz_tenths, deleted } = version
  return { value, at, day, note, tags, ...tenths(fl_oz_tenths), deleted }
}
