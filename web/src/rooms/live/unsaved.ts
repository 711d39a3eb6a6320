// How many changes wait on this device. Writing stands above this room, and hands the figure down to it.
import { createContext } from 'svelte'

export const [useUnsaved, provideUnsaved] = createContext<() => number>()
