// The services that the page of one signed-in person works with: made once, here, and found by every screen in its
// context. Another person gets another set, so nothing of the first is left for the next.
import { untrack } from 'svelte'
import { instance } from './api/instance.svelte'
import { keeping } from './api/keeping.svelte'
import type { Entry, Me } from './api/types'
import { dropOutdated } from './lib/draft-names'
import { LocalStore } from './lib/local-store'
import { session } from './rooms/auth/session.svelte'
import { provideWriter, Writer } from './rooms/entries/writer.svelte'
import { Live, provideLive } from './rooms/live/live.svelte'
import { People, providePeople } from './rooms/live/people.svelte'
import { provideUnsaved } from './rooms/live/unsaved'
import { provideShares, Shares } from './rooms/people/shares.svelte'
import { DeviceZone } from './rooms/people/zone.svelte'
import { PageToasts, provideToasts } from './ui/toasts.svelte'

export interface Services {
  store: LocalStore
  writer: Writer
  people: People
  live: Live
  shares: Shares
  device: DeviceZone
  toasts: PageToasts
}

/** Makes the services while a component is set up, and runs them for as long as the component is there. */
export function provideServices(me: () => Me): Services {
  const { username } = me()
  const first = session.takeFirst()
  const given = first?.shares?.next_cursor === null ? first.shares.items : undefined
  const store = new LocalStore(keeping.shelf, username)
  dropOutdated(store)
  const toasts = provideToasts(new PageToasts())
  const people = providePeople(new People())
  const live = provideLive(new Live(people, given !== undefined))
  const shares = provideShares(new Shares())
  const writer = provideWriter(new Writer(store, settled, toasts))
  provideUnsaved(() => writer.outbox.unsaved)
  if (first) people.begin(first)
  if (given) shares.list.set(given)

  function settled() {
    // An entry that an earlier page left behind may arrive while the list is on its way: that list does not know of it.
    if (people.list.loading) void people.list.load()
    else if (live.health !== 'live') void live.poll(username)
  }

  const services = { store, writer, people, live, shares, toasts, device: new DeviceZone(store) }
  const admin = $derived(me().role === 'admin')
  keepGoing(services, () => admin)
  return services
}

function keepGoing({ writer, people, live, shares, toasts }: Services, admin: () => boolean): void {
  $effect(() => {
    // The first screen has taken it by now.
    people.begun()
  })
  $effect(() => () => {
    toasts.leave()
  })
  $effect(() => untrack(() => writer.outbox.start()))
  const entry = (id: string, entry: Entry | null) => {
    writer.outbox.arrived(id, entry)
  }
  $effect(() => live.listen({ entry, stale: () => undefined }))
  $effect(() => () => {
    people.list.stop()
  })
  $effect(() => (admin() ? untrack(() => shares.start(live)) : undefined))
  // Sends the entries that could not be sent during maintenance.
  $effect(() => {
    if (!instance.maintenance) untrack(() => void writer.outbox.retry())
  })
}
