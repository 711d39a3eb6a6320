// The words for a share, and the form that changes it. Separate from the screens so that they can be tested.
import type {
  Detail,
  Me,
  Metric,
  Share,
  ShareChange,
  ShareTerms,
  Sharing,
} from '../../../api/types'
import { deepEqual } from '../../../lib/deep-equal'
import { readWall, wallTime } from '../../../lib/time'
import { listed } from '../../entries/changes'

/** Prefix of the keys of all drafts of shares. */
export const SHARE_DRAFTS = 'share:'

/** The key under which the draft of a change to a share is stored, or of one for somebody who is named in it. */
export function draftKey(share: Share | null): string {
  return SHARE_DRAFTS + (share?.username ?? '')
}

/** The modes of sharing, each with what it means. */
const modes = [
  {
    value: 'approved',
    label: 'People I approve',
    hint: 'Viewers ask, and you answer each of them.',
  },
  {
    value: 'everyone',
    label: 'Everyone',
    hint: 'Every viewer on this server sees you without asking, except those whose share ended or whom you said no to.',
  },
  {
    value: 'nobody',
    label: 'Nobody',
    hint: 'No viewer sees or finds you. What you decided for each of them is kept for later.',
  },
] as const satisfies { value: Sharing; label: string; hint: string }[]

const MOST_NAMES = 3

/**
 * The viewers who go on watching once only approved ones may: `Alex, Sam and 4 others`. While everyone may, these are
 * the ones that something was decided for, and not those who merely asked: a mere request is as old as its state.
 */
export function approvedNames(shares: Share[]): string {
  const names = shares
    .filter(({ state, since, requested_at }) => {
      return state === 'approved' && since !== null && since !== requested_at
    })
    .map(shareName)
  const others = names.length - MOST_NAMES
  if (others < 1) return listed(names)
  return `${names.slice(0, MOST_NAMES).join(', ')} and ${others === 1 ? '1 other' : `${others} others`}`
}

/**
 * The modes to choose from; from `everyone`, with the names of those who go on watching once only approved viewers may.
 */
export function modesFrom(
  sharing: Sharing,
  shares: Share[],
): { value: Sharing; label: string; hint: string }[] {
  const [approved, ...others] = modes
  if (sharing !== 'everyone') return [approved, ...others]
  const names = approvedNames(shares)
  const stay =
    names === '' ? 'So far that is no one.' : `Approved already: ${names}. They keep watching you.`
  return [{ ...approved, hint: `${approved.hint} ${stay}` }, ...others]
}

/** The words for a decision just made. */
export function modeSaid(sharing: Sharing, shares: Share[]): string {
  if (sharing === 'nobody') return 'Nobody can watch you.'
  if (sharing === 'everyone') {
    return 'Every viewer can watch you, except those whose share ended or whom you said no to.'
  }
  const names = approvedNames(shares)
  return names === ''
    ? 'The people you approve can watch you. So far that is no one.'
    : `The people you approve can watch you: ${names}.`
}

export const details = [
  { value: 'exact', label: 'Exact' },
  { value: 'band', label: 'Band' },
  { value: 'logged', label: 'Logged' },
  { value: 'none', label: 'None' },
] as const satisfies { value: Detail; label: string }[]

/** Examples of what a viewer sees of a metric. */
export const examples: Record<Metric, Record<Detail, string>> = {
  water: {
    exact: 'They see “250 ml, 12 min ago”, today’s total and your goal.',
    band: 'They see “Middle, 12 min ago”: low, middle or high instead of amounts.',
    logged: 'They see “Logged, 12 min ago”, and no amount.',
    none: 'They see nothing about water.',
  },
  altitude: {
    exact: 'They see “7 · Good, 12 min ago”.',
    band: 'They see “Middle, 12 min ago”: low, middle or high instead of the level.',
    logged: 'They see “Logged, 12 min ago”, and no level.',
    none: 'They see nothing about altitude.',
  },
}

type Terms = Pick<Share, 'water' | 'altitude' | 'history' | 'export'>

/** The terms of a share as one sentence: `Exact water, altitude as a band, with history` */
export function termsWords({ water, altitude, history, export: copy }: Terms): string {
  if (water === 'none' && altitude === 'none') return 'Nothing'
  const of = (metric: string, detail: Detail) =>
    ({
      exact: `exact ${metric}`,
      band: `${metric} as a band`,
      logged: `only that ${metric} was logged`,
      none: `no ${metric}`,
    })[detail]
  const both = {
    exact: 'exact water and altitude',
    band: 'water and altitude as bands',
    logged: 'only that water or altitude was logged',
    none: 'nothing',
  }
  const shown =
    water === altitude ? both[water] : `${of('water', water)}, ${of('altitude', altitude)}`
  const parts = [shown, history ? 'with history' : 'only how you are now']
  if (copy) parts.push('with export')
  const words = parts.join(', ')
  return words.charAt(0).toUpperCase() + words.slice(1)
}

/** Whether a share has the terms that nobody has changed: exact values and the history. */
export function isUsual({ water, altitude, history, export: copy }: Terms): boolean {
  return water === 'exact' && altitude === 'exact' && history && !copy
}

export function shareName({ username, display_name }: Pick<Share, 'username' | 'display_name'>) {
  return display_name || username
}

/** The words for a viewer who would be let in unasked; undefined for one who asks, or who watches already. */
export function unaskedWords(known: Share | undefined): string | undefined {
  if (known !== undefined && known.state !== 'ended') return undefined
  return known?.requested_at ? 'did not ask again' : 'did not ask'
}

/** The terms for a viewer, as they are chosen. */
export interface TermsForm {
  water: Detail
  altitude: Detail
  history: boolean
  export: boolean
  /** The zone of the person when the form was begun: `until` is read in it, whatever their zone is by then. */
  zone: string
  /** The local time of the end in that zone; empty for none. */
  until: string
  /** Whether the second is meant, where the time comes twice. */
  second: boolean | null
}

export interface ShareForm extends TermsForm {
  /** The share to change; null for somebody who is named in the form. */
  share: Share | null
  username: string
}

/** The terms for a newcomer, and whether they hold at once; '' while that is not chosen. */
export interface OfferForm extends TermsForm {
  atOnce: '' | 'yes' | 'no'
}

export function emptyOffer({ time_zone }: Reader): OfferForm {
  return {
    atOnce: '',
    water: 'exact',
    altitude: 'exact',
    history: true,
    export: false,
    ...untilOf(null, time_zone),
  }
}

/** The terms to send, null for none, or what is wrong with them. */
export function readOffer(
  form: OfferForm,
  now: number,
): { share?: ShareTerms | null; wrong?: string } {
  if (form.atOnce !== 'yes') return { share: null }
  const read = readUntil(form, now)
  if ('wrong' in read) return read
  const { water, altitude, history, export: mayExport } = form
  return { share: { water, altitude, history, export: mayExport, until: read.until } }
}

function readUntil(
  { until: wall, second, zone }: End,
  now: number,
): { until: string | null } | { wrong: string } {
  if (wall === '') return { until: null }
  const read = readWall({ wall, second }, zone)
  if ('wrong' in read) return read
  if (Date.parse(read.at) <= now) return { wrong: 'Choose a time in the future.' }
  return { until: read.at }
}

type Reader = Pick<Me, 'time_zone'>

export function formOf(share: Share | null, me: Reader, now: number): ShareForm {
  // A past end is no end to begin with.
  const until = share?.until && Date.parse(share.until) > now ? share.until : null
  return {
    share,
    username: share?.username ?? '',
    water: share?.water ?? 'exact',
    altitude: share?.altitude ?? 'exact',
    history: share?.history ?? true,
    export: share?.export ?? false,
    ...untilOf(until, me.time_zone),
  }
}

type End = Pick<TermsForm, 'zone' | 'until' | 'second'>

function untilOf(until: string | null, zone: string): End {
  if (until === null) return { zone, until: '', second: null }
  const { wall, second } = wallTime(until, zone)
  return { zone, until: wall, second }
}

/** Converts terms that were chosen in another zone for the present reader, without moving their end. */
export function forReader<T extends TermsForm>(form: T, { time_zone }: Reader): T {
  const { until: wall, second, zone } = form
  if (wall === '') return { ...form, zone: time_zone }
  const read = readWall({ wall, second }, zone)
  return 'at' in read ? { ...form, ...untilOf(read.at, time_zone) } : form
}

const FIELDS = ['water', 'altitude', 'history', 'export', 'until'] as const

/** The touched fields: those that differ from the share that the form began with. */
function touched(form: ShareForm, now: number): (typeof FIELDS)[number][] {
  const shown = formOf(form.share, { time_zone: form.zone }, now)
  const moved = form.second !== shown.second
  return FIELDS.filter((field) => form[field] !== shown[field] || (field === 'until' && moved))
}

/** The form after its share was changed elsewhere: untouched fields follow the share. */
export function follow(form: ShareForm, share: Share, now: number): ShareForm {
  const fields = touched(form, now)
  const kept = fields.map((field) => [field, form[field]] as const)
  const second = fields.includes('until') ? { second: form.second } : {}
  return { ...formOf(share, { time_zone: form.zone }, now), ...Object.fromEntries(kept), ...second }
}

/** Whether two states of a share show the same. */
export function sameTerms(a: Share, b: Share): boolean {
  const terms = (share: Share) => [share.state, ...FIELDS.map((field) => share[field])]
  return deepEqual(terms(a), terms(b))
}

export type Wrong = Partial<Record<'username' | 'until', string>>

/**
 * The change to send, or what is wrong with each field. Untouched fields are left out: they may have been narrowed
 * elsewhere since, and a field for the end has no seconds.
 */
export function readForm(form: ShareForm, now: number): { change: ShareChange } | { wrong: Wrong } {
  const wrong: Wrong = {}
  const { share } = form
  const read = readUntil(form, now)
  if (form.username.trim() === '') wrong.username = 'Type the user name of a viewer.'
  if ('wrong' in read) return { wrong: { ...wrong, until: read.wrong } }
  if (Object.keys(wrong).length > 0) return { wrong }
  const wanted = { ...form, until: read.until }
  const sent = share === null ? FIELDS : touched(form, now)
  const change: ShareChange = Object.fromEntries(sent.map((field) => [field, wanted[field]]))
  if (share?.state !== 'approved') change.state = 'approved'
  return { change }
}
