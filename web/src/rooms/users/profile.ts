// The settings form: what is typed, what is wrong with it, and which part of it has changed.
import type { Me, MeChange, Unit } from '../../api/types'
import { type Range, type Reading, readAmount, readWhole, wrongWith } from '../../lib/amounts'
import { deepEqual } from '../../lib/deep-equal'
import { tooLong } from '../../lib/text'
import { AMOUNT, amount, type Amount, asAmount, toInput } from '../../lib/units'
import { zoneName } from '../../lib/zone-names'

export const DRAFT = 'draft:settings'
const LONGEST_NAME = 64
const GOAL = { least: 100, most: 10_000 }
const HOURS = ['hour', 'hours'] as const
const AGEING_HOURS = { least: 1, most: 168 }
const STALE_HOURS = { least: 2, most: 336 }

export interface ProfileForm {
  name: string
  zone: string
  startsAt: string
  unit: Unit
  goal: string
  presets: string[]
  ageing: string
  stale: string
  /** The millilitres that the amounts are shown from until they are typed over: a unit shows them rounded. */
  exact: { goal: number | undefined; presets: (number | undefined)[] }
}

export function formOf(me: Me): ProfileForm {
  return {
    name: me.display_name,
    zone: me.time_zone,
    startsAt: String(me.day_starts_at),
    unit: me.unit,
    goal: toInput(me.daily_goal_ml, me.unit),
    presets: me.water_presets_ml.map((ml) => toInput(ml, me.unit)),
    ageing: String(me.ageing_after_hours),
    stale: String(me.stale_after_hours),
    exact: { goal: me.daily_goal_ml, presets: me.water_presets_ml },
  }
}

/** The millilitres of `known` that the text shows; undefined where it shows none of them. */
function shownFrom(text: string, unit: Unit, ...known: (number | undefined)[]): number | undefined {
  return known.find((ml) => ml !== undefined && toInput(ml, unit) === text)
}

const FIELDS = ['name', 'zone', 'startsAt', 'unit', 'goal', 'presets', 'ageing', 'stale'] as const
type Field = (typeof FIELDS)[number]

const names: Record<Field, string> = {
  name: 'display name',
  zone: 'time zone',
  startsAt: 'start of the day',
  unit: 'unit',
  goal: 'goal',
  presets: 'amounts',
  ageing: 'hours',
  stale: 'hours',
}

/** The fields that differ from what they began as. Amounts that are only shown in another unit do not. */
function touched(form: ProfileForm, me: Me): Field[] {
  const { unit, exact } = form
  const fresh = formOf(me)
  const was = { ...fresh, ...fresh.exact }
  const now = {
    ...form,
    goal: shownFrom(form.goal, unit, exact.goal, me.daily_goal_ml),
    presets: form.presets.map((text, at) =>
      shownFrom(text, unit, exact.presets[at], me.water_presets_ml[at]),
    ),
  }
  return FIELDS.filter((field) => !deepEqual(now[field], was[field]))
}

/** The names of the unsaved fields: `display name`, `goal`. */
export function unsaved(form: ProfileForm, me: Me): string[] {
  return [...new Set(touched(form, me).map((field) => names[field]))]
}

/** The draft of an unsaved form: the touched fields alone, and the unit in which amounts were typed. */
export function draftOf(form: ProfileForm, me: Me): Partial<ProfileForm> | undefined {
  return draftWith(form, touched(form, me))
}

/** The draft of what was typed after `sent` was sent, which `me` holds by now. */
export function draftSince(
  sent: ProfileForm,
  form: ProfileForm,
  me: Me,
): Partial<ProfileForm> | undefined {
  const since = FIELDS.filter((field) => !deepEqual(form[field], sent[field]))
  return draftOf(withDraft(me, draftWith(form, since)), me)
}

function draftWith(form: ProfileForm, fields: Field[]): Partial<ProfileForm> | undefined {
  if (fields.length === 0) return undefined
  return Object.fromEntries(
    [...fields, 'unit' as const, 'exact' as const].map((field) => [field, form[field]]),
  )
}

/** The form of the present account, with the fields that were touched before. */
export function withDraft(me: Me, draft: Partial<ProfileForm> | undefined): ProfileForm {
  const form = inUnit(formOf(me), draft?.unit ?? me.unit)
  const { goal, presets } = form.exact
  const exact = {
    goal: draft?.goal === undefined ? goal : draft.exact?.goal,
    presets: draft?.presets === undefined ? presets : (draft.exact?.presets ?? []),
  }
  return { ...form, ...draft, exact }
}

/** The same amounts in the other unit; anything else stays as typed. */
export function inUnit(form: ProfileForm, unit: Unit): ProfileForm {
  if (form.unit === unit) return form
  const exactly = (text: string, exact: number | undefined, most: number) => {
    const shown = shownFrom(text, form.unit, exact)
    if (shown !== undefined) return shown
    const reading = readAmount(text, form.unit, { least: 1, most })
    return reading.state === 'read' ? reading.value.ml : undefined
  }
  const convert = (text: string, ml: number | undefined) =>
    ml === undefined ? text : toInput(ml, unit)
  const goal = exactly(form.goal, form.exact.goal, GOAL.most)
  const presets = form.presets.map((text, at) => exactly(text, form.exact.presets[at], AMOUNT.most))
  return {
    ...form,
    unit,
    goal: convert(form.goal, goal),
    presets: form.presets.map((text, at) => convert(text, presets[at])),
    exact: { goal, presets },
  }
}

export type Wrong = Partial<
  Record<
    | 'display_name'
    | 'daily_goal_ml'
    | 'water_presets_ml'
    | 'ageing_after_hours'
    | 'stale_after_hours',
    string | undefined
  >
>

const says = {
  goal: (least: string, most: string) => `Type a goal from ${least} to ${most}.`,
  presets: (least: string, most: string) => `Type three amounts from ${least} to ${most}.`,
}

/** Reads each number of the form. An amount that was only shown is the amount it was. */
export function numbersOf(form: ProfileForm, me: Me) {
  const { unit, exact } = form
  const read = (
    text: string,
    typed: number | undefined,
    stored: number | undefined,
    range: Range,
    words: (least: string, most: string) => string,
  ): Reading<Amount> => {
    const ml = shownFrom(text, unit, typed, stored)
    return ml !== undefined && ml === stored
      ? { state: 'read', value: asAmount(ml), said: amount(ml, unit) }
      : readAmount(ml === undefined ? text : `${ml} ml`, unit, range, words)
  }
  return {
    goal: read(form.goal, exact.goal, me.daily_goal_ml, GOAL, says.goal),
    presets: form.presets.map((text, at) =>
      read(text, exact.presets[at], me.water_presets_ml[at], AMOUNT, says.presets),
    ),
    ageing: readWhole(form.ageing, HOURS, AGEING_HOURS),
    stale: readWhole(form.stale, HOURS, STALE_HOURS),
  }
}

/** Returns the difference from `me`, or what is wrong with each field. */
export function readForm(form: ProfileForm, me: Me): { change: MeChange } | { wrong: Wrong } {
  const wrong: Wrong = {}
  // A name that was only shown is the name it was, with any spaces around it.
  const name = form.name === me.display_name ? form.name : form.name.trim()
  const { goal, presets, ageing, stale } = numbersOf(form, me)
  const empty = (words: typeof says.goal, { least, most }: Range) =>
    words(amount(least, form.unit), amount(most, form.unit))
  wrong.display_name =
    name.trim() === '' ? 'Type a name of 1 to 64 characters.' : tooLong(name, LONGEST_NAME)
  wrong.daily_goal_ml = wrongWith(goal, empty(says.goal, GOAL))
  wrong.water_presets_ml = presets
    .map((preset) => wrongWith(preset, empty(says.presets, AMOUNT)))
    .find((why) => why !== undefined)
  wrong.ageing_after_hours = wrongWith(ageing, 'Type 1 to 168 hours.')
  wrong.stale_after_hours = wrongWith(stale, 'Type 2 to 336 hours.')
  if (stale.state === 'read' && ageing.state === 'read' && stale.value <= ageing.value) {
    wrong.stale_after_hours = 'Type more hours than above: it gets old first.'
  }
  const found = Object.entries(wrong).filter(([, why]) => why !== undefined)
  if (found.length > 0) return { wrong: Object.fromEntries(found) }

  const value = <T>(reading: Reading<T>) => (reading.state === 'read' ? reading.value : undefined)
  const wanted = {
    display_name: name,
    time_zone: form.zone,
    day_starts_at: Number(form.startsAt),
    unit: form.unit,
    daily_goal_ml: value(goal)?.ml,
    water_presets_ml: presets.map((preset) => value(preset)?.ml),
    ageing_after_hours: value(ageing),
    stale_after_hours: value(stale),
  }
  const changed = Object.entries(wanted).filter(
    ([key, value]) => !deepEqual(value, me[key as keyof typeof wanted]),
  )
  return { change: Object.fromEntries(changed) }
}

/** Every zone this browser knows, and those given, in the order of their names; of two with one name, the first given. */
export function zones(...also: string[]): { zone: string; name: string }[] {
  const all = new Map<string, string>()
  for (const zone of [...also, ...Intl.supportedValuesOf('timeZone'), 'UTC']) {
    const name = zoneName(zone)
    if (!all.has(name)) all.set(name, zone)
  }
  return [...all].map(([name, zone]) => ({ zone, name })).sort((a, b) => (a.name < b.name ? -1 : 1))
}

export function ownZone(): string {
  return Intl.DateTimeFormat().resolvedOptions().timeZone
}
