// The sessions of a person. The server is asked once, when Settings opens; a session that is ended there leaves the
// list as soon as the server has confirmed it.
import { answer, api, gone } from '../../api/client'
import type { Device } from '../../api/types'
import { Resource } from '../../api/resource.svelte'

export class Devices {
  /** The sessions, with this device first. */
  readonly list = new Resource(async () => {
    const { items } = await answer(api.GET('/api/v1/me/sessions'))
    return items.toSorted((a, b) => Number(b.current) - Number(a.current))
  })

  /** Throws an ApiError when it may still be signed in. */
  async end({ id }: Device): Promise<void> {
    await gone(api.DELETE('/api/v1/me/sessions/{id}', { params: { path: { id } } }))
    this.#keep((device) => device.id !== id)
  }

  /** Throws an ApiError when they may still be signed in. */
  async endOthers(): Promise<void> {
    await answer(api.DELETE('/api/v1/me/sessions'))
    this.othersEnded()
  }

  /** Removes the other devices from the list, once the server has signed them out. */
  othersEnded(): void {
    // A list on its way may be older than this.
    if (this.list.value) this.#keep((device) => device.current)
    else void this.list.load()
  }

  #keep(which: (device: Device) => boolean): void {
    const { value } = this.list
    if (value) this.list.set(value.filter(which))
  }
}
