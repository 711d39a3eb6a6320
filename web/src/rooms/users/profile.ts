// The settings form: what is typed, what is wrong with it, and which part of it has changed.
import type { Me, MeChange, Unit } from '../../api/types'
import { type Range, type Reading, readAmount, readWhole, wrongWith } from '../../lib/amounts'
import { deepEqual } from '../../lib/deep-equal'
import { tooLong } from '../../lib/text'
import { AMOUNT, amount, type Amount, asAmount, toInput } from '../../lib/units'

export const DRAFT = 'draft:settings'
const LONGEST_NAME = 64
const GOAL = { least: 100, most: 10_000 }
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
  }
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
  const shown = inUnit(formOf(me), form.unit)
  return FIELDS.filter((field) =>
    field === 'unit' ? form.unit !== me.unit : !deepEqual(form[field], shown[field]),
  )
}

/** The names of the unsaved fields: `display name`, `goal`. */
export function unsaved(form: ProfileForm, me: Me): string[] {
  return [...new Set(touched(form, me).map((field) => names[field]))]
}

/** The draft of an unsaved form: the touched fields alone, and the unit in which amounts were typed. */
export function draftOf(form: ProfileForm, me: Me): Partial<ProfileForm> | undefined {
  const fields = touched(form, me)
  if (fields.length === 0) return undefined
  return Object.fromEntries([...fields, 'unit' as const].map((field) => [field, form[field]]))
}

/** The form of the present account, with the fields that were touched before. */
export function withDraft(me: Me, draft: Partial<ProfileForm> | undefined): ProfileForm {
  const form = inUnit(formOf(me), draft?.unit ?? me.unit)
  return { ...form, ...draft }
}

/** The same amounts in the other unit; anything else stays as typed. */
export function inUnit(form: ProfileForm, unit: Unit): ProfileForm {
  if (form.unit === unit) return form
  const convert = (text: string) => {
    const reading = readAmount(text, form.unit, { least: 1, most: GOAL.most })
    return reading.state === 'read' ? toInput(reading.value.ml, unit) : text
  }
  return { ...form, unit, goal: convert(form.goal), presets: form.presets.map(convert) }
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
  const was = inUnit(formOf(me), form.unit)
  const ml = (
    text: string,
    shown: string | undefined,
    ml: number | undefined,
    range: Range,
    words: (least: string, most: string) => string,
  ): Reading<Amount> =>
    text === shown && ml !== undefined
      ? { state: 'read', value: asAmount(ml), said: amount(ml, form.unit) }
      : readAmount(text, form.unit, range, words)
  return {
    goal: ml(form.goal, was.goal, me.daily_goal_ml, GOAL, says.goal),
    presets: form.presets.map((text, at) =>
      ml(text, was.presets[at], me.water_presets_ml[at], AMOUNT, says.presets),
    ),
    ageing: readWhole(form.ageing, 'hours', AGEING_HOURS),
    stale: readWhole(form.stale, 'hours', STALE_HOURS),
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

/** Every zone this browser knows, and those given, in order. */
export function zones(...also: string[]): string[] {
  return [...new Set([...Intl.supportedValuesOf('timeZone'), 'UTC', ...also])].sort()
}

export function ownZone(): string {
  return Intl.DateTimeFormat().resolvedOptions().timeZone
}
