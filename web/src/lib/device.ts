// Names a device for people, as far as the header that names its browser tells. Browsers pretend to be one another, so
// the ones that claim more names come first.
import type { Device } from '../api/types'

const BROWSERS: [RegExp, string][] = [
  [/Edg(e|A|iOS)?\//, 'Edge'],
  [/OPR\/|OPT\//, 'Opera'],
  [/SamsungBrowser\//, 'Samsung Internet'],
  [/Firefox\/|FxiOS\//, 'Firefox'],
  [/Chrome\/|Chromium\/|CriOS\//, 'Chrome'],
  [/Version\/.* Safari\//, 'Safari'],
]

const SYSTEMS: [RegExp, string][] = [
  [/iPhone/, 'iPhone'],
  [/iPad/, 'iPad'],
  [/Android/, 'Android'],
  [/CrOS/, 'ChromeOS'],
  [/Windows/, 'Windows'],
  [/Macintosh|Mac OS X/, 'Mac'],
  [/Linux/, 'Linux'],
]

/** `Firefox on Linux`, or as much of it as is known. */
export function deviceName({ kind, user_agent }: Pick<Device, 'kind' | 'user_agent'>): string {
  const find = (known: [RegExp, string][]) =>
    known.find(([sign]) => sign.test(user_agent ?? ''))?.[1]
  const browser = find(BROWSERS)
  if (kind === 'api_token') return 'An API token'
  // A program with a token is not a browser, wherever it runs.
  if (browser === undefined && kind === 'jwt') return 'Another client'
  const system = find(SYSTEMS)
  return system === undefined ? (browser ?? 'A browser') : `${browser ?? 'A browser'} on ${system}`
}
