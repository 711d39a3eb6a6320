import { afterEach, expect, test, vi } from 'vitest'
import { near } from './near'

type Told = { isIntersecting: boolean }[]

class Observer {
  static last: Observer
  observed: unknown
  readonly tell: (told: Told) => void
  constructor(tell: (told: Told) => void) {
    this.tell = tell
    Observer.last = this
  }

  observe(target: unknown) {
    this.observed = target
  }

  disconnect() {
    this.observed = undefined
  }
}

afterEach(() => {
  vi.unstubAllGlobals()
})

test.each([
  ['one that is near', [true], 1],
  ['one that is not', [false], 0],
  ['one that came meanwhile', [false, true], 1],
  ['one that came and went', [true, false], 0],
  ['one that went and came again', [true, false, true], 1],
  ['nothing', [], 0],
])('told at once of %s', (_what, moments, calls) => {
  vi.stubGlobal('IntersectionObserver', Observer)
  const came = vi.fn()
  const end = {} as Element
  const stop = near(end, came)
  expect(Observer.last.observed).toBe(end)
  Observer.last.tell(moments.map((isIntersecting) => ({ isIntersecting })))
  expect(came).toHaveBeenCalledTimes(calls)
  stop()
  expect(Observer.last.observed).toBeUndefined()
})
