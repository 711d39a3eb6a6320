// The number of changes that wait on this device. Writing stands above this room, and hands it down.
import { createContext } from 'svelte'

export const [useUnsaved, provideUnsaved] = createContext<() => number>()
