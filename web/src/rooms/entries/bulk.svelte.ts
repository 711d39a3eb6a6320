// A change to many entries at once: shown first, and applied only while it is still the same change.
import { Attempt } from '../../api/attempt.svelte'
import { answer, api } from '../../api/client'
import type { Recompute, Rewind } from '../../api/types'
import { ApiError } from '../../api/error'

interface Outcome {
  digest: string
  applied: boolean
}

export class Bulk<T extends Outcome> {
  /** The changes that would be made or, if `applied`, were made. */
  shown = $state.raw<T>()
  /** Whether something changed after the preview, so that this is a new one. */
  overtaken = $state(false)
  readonly attempt = new Attempt()
  #request: (dryRun: boolean, digest?: string) => Promise<T>

  constructor(request: (dryRun: boolean, digest?: string) => Promise<T>) {
    this.#request = request
  }

  async preview(): Promise<boolean> {
    this.overtaken = false
    return this.attempt.run(async () => {
      this.shown = await this.#request(true)
    })
  }

  async apply(): Promise<boolean> {
    const digest = this.shown?.digest
    await this.attempt.run(async () => {
      try {
        this.shown = await this.#request(false, digest)
        this.overtaken = false
      } catch (error) {
        if (!(error instanceof ApiError && error.code === 'changed_since_preview')) throw error
        this.shown = await this.#request(true)
        this.overtaken = true
      }
    })
    return this.shown?.applied === true
  }

  clear(): void {
    this.shown = undefined
    this.overtaken = false
    this.attempt.problem = undefined
  }
}

export function rewind(to: string, dry_run: boolean, digest?: string): Promise<Rewind> {
  const body = { to, ...(digest !== undefined && { digest }) }
  return answer(api.POST('/api/v1/entries/rewind', { params: { query: { dry_run } }, body }))
}

export function recompute(dry_run: boolean, digest?: string): Promise<Recompute> {
  const body = digest === undefined ? {} : { digest }
  return answer(api.POST('/api/v1/entries/recompute', { params: { query: { dry_run } }, body }))
}

/**
 * The moment just before the newest change of an entry: going back to it undoes everything that came with that change.
 */
export async function momentBefore(id: string): Promise<string> {
  const params = { path: { id }, query: { limit: 1 } }
  const { items } = await answer(api.GET('/api/v1/entries/{id}/versions', { params }))
  const at = items[0] ? Date.parse(items[0].replaced_at) : 0
  return new Date(at - 1).toISOString()
}
