// The time zone of this device beside the person's own. Until a zone was chosen or anything logged, the device's zone
// is adopted, and the page says so; after that it is only offered.
import { answer, api } from '../../api/client'
import type { Me } from '../../api/types'
import { ApiError } from '../../api/error'
import type { LocalStore } from '../../lib/local-store'
import { isKnown } from '../../lib/time'
import { session } from '../auth/session.svelte'

/** The zones that were offered and declined, or that the server does not know. */
const DISMISSED = 'zones:dismissed'

export class DeviceZone {
  /** Whether the zone was adopted from this device and nobody has acknowledged it yet. */
  taken = $state(false)
  #dismissed = $state.raw<string[]>([])
  #store: LocalStore

  constructor(store: LocalStore) {
    this.#store = store
    const kept = store.get(DISMISSED)
    if (Array.isArray(kept)) this.#dismissed = kept.filter((zone) => typeof zone === 'string')
  }

  /** Adopts the zone of this device, if the server finds that there was never another. Returns it if it was adopted. */
  async begin(me: Me): Promise<string | undefined> {
    const here = deviceZone()
    if (me.time_zone_set || here === undefined || here === me.time_zone) return undefined
    if (this.isDismissed(here)) return undefined
    const body = { device_time_zone: here }
    try {
      const mine = await answer(api.PATCH('/api/v1/me', { body }))
      if (!mine.time_zone_set) return undefined
      session.update(mine)
      this.taken = mine.time_zone === here
      return this.taken ? here : undefined
    } catch (problem) {
      if (!(problem instanceof ApiError)) throw problem
      if (problem.status === 422) this.dismiss(here)
      return undefined
    }
  }

  isDismissed(zone: string): boolean {
    return this.#dismissed.includes(zone)
  }

  dismiss(zone: string): void {
    this.#dismissed = [...this.#dismissed, zone]
    this.#store.set(DISMISSED, this.#dismissed)
  }
}

/** The zone that this device says it is in; undefined where it knows none. */
export function deviceZone(): string | undefined {
  const zone = Intl.DateTimeFormat().resolvedOptions().timeZone as string | undefined
  return zone === undefined || zone === 'Etc/Unknown' || !isKnown(zone) ? undefined : zone
}
