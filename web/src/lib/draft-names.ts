// Names the drafts that were begun and not sent, to say what signing out loses.
import type { LocalStore } from './local-store'

const names: Record<string, string> = {
  amount: 'an amount of water',
  entry: 'an entry',
  invite: 'an invitation',
  rewind: 'a moment to go back to',
  settings: 'changes to your settings',
  share: 'what a viewer sees',
  token: 'an API token',
  user: 'a new user',
}

/** Removes the drafts of earlier versions of the page that nobody can go on with: bare texts, and a time without its zone. */
export function dropOutdated(store: LocalStore): void {
  for (const key of store.keys('draft:')) {
    const kept = store.get(key)
    const usable = typeof kept === 'object' && kept !== null
    if (!usable || (key === 'draft:rewind' && !('zone' in kept))) store.remove(key)
  }
}

export function draftNames(store: LocalStore): string[] {
  const kinds = store.keys('draft:').map((key) => key.split(':')[1] ?? '')
  return [...new Set(kinds.map((kind) => names[kind] ?? 'something else'))]
}
