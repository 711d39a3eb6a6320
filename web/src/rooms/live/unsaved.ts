// The number of changes that wait on this device. The room that writes stands above this one, and passes it down.
import { createContext } from 'svelte'

export const [useUnsaved, provideUnsaved] = createContext<() => number>()
