// The settings form: what is typed, what is wrong with it, and which of it has changed.
import type { Me, MeChange, Unit } from '../../api/client'
import { characters } from '../../lib/text'
import { fromInput, MOST_ML, toInput } from '../../lib/units'

export const DRAFT = 'draft:settings'
const GOAL_ML = { least: 100, most: 10_000 }
const PRESET_ML = { least: 1, most: MOST_ML }
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

/** The same amounts in the other unit; what is no amount stays as it was typed. */
export function inUnit(form: ProfileForm, unit: Unit): ProfileForm {
  const convert = (text: string) => {
    const ml = fromInput(text, form.unit)
    return ml === null ? text : toInput(ml, unit)
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
    string
  >
>

/** What differs from `me`, or what is wrong with each field. */
export function readForm(form: ProfileForm, me: Me): { change: MeChange } | { wrong: Wrong } {
  const wrong: Wrong = {}
  const name = form.name.trim()
  // An amount that was merely shown in another unit is the amount it was.
  const was = inUnit(formOf(me), form.unit)
  const read = (text: string, shown: string | undefined, ml: number | undefined) =>
    text === shown && ml !== undefined ? ml : fromInput(text, form.unit)
  const goal = read(form.goal, was.goal, me.daily_goal_ml)
  const presets = form.presets.map((text, index) =>
    read(text, was.presets[index], me.water_presets_ml[index]),
  )
  if (name === '' || characters(name) > 64)
    wrong.display_name = 'Type a name of 1 to 64 characters.'
  if (!within(goal, GOAL_ML)) wrong.daily_goal_ml = 'Type a goal from 100 ml to 10,000 ml.'
  if (!presets.every((ml) => within(ml, PRESET_ML))) {
    wrong.water_presets_ml = 'Type three amounts from 1 ml to 5,000 ml.'
  }
  const ageing = wholeNumber(form.ageing)
  const stale = wholeNumber(form.stale)
  if (!within(ageing, AGEING_HOURS)) wrong.ageing_after_hours = 'Type 1 to 168 hours.'
  if (!within(stale, STALE_HOURS)) wrong.stale_after_hours = 'Type 2 to 336 hours.'
  else if (ageing !== null && stale !== null && stale <= ageing) {
    wrong.stale_after_hours = 'Type more hours than above: it gets old first.'
  }
  if (Object.keys(wrong).length > 0) return { wrong }

  const wanted = {
    display_name: name,
    time_zone: form.zone,
    day_starts_at: Number(form.startsAt),
    unit: form.unit,
    daily_goal_ml: goal,
    water_presets_ml: presets as number[],
    ageing_after_hours: ageing,
    stale_after_hours: stale,
  }
  const changed = Object.entries(wanted).filter(
    ([key, value]) => JSON.stringify(value) !== JSON.stringify(me[key as keyof typeof wanted]),
  )
  return { change: Object.fromEntries(changed) }
}

function within(value: number | null, { least, most }: typeof GOAL_ML): boolean {
  return value !== null && value >= least && value <= most
}

function wholeNumber(text: string): number | null {
  return /^\d+$/.test(text.trim()) ? Number(text) : null
}

/** Every zone this browser knows, and those given, in order. */
export function zones(...also: string[]): string[] {
  return [...new Set([...Intl.supportedValuesOf('timeZone'), 'UTC', ...also])].sort()
}

export function ownZone(): string {
  return Intl.DateTimeFormat().resolvedOptions().timeZone
}
