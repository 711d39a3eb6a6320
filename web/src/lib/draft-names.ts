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

export function draftNames(store: LocalStore): string[] {
  const kept = store.keys('draft:').filter((key) => Boolean(store.get(key)))
  const kinds = kept.map((key) => key.split(':')[1] ?? '')
  return [...new Set(kinds.map((kind) => names[kind] ?? 'something else'))]
}
