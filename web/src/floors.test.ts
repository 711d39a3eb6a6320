import { expect, test } from 'vitest'
import { wrongImports } from '../floors'

function wrong(files: Record<string, string>): string[] {
  return wrongImports(new Map(Object.entries(files)))
}

const GROUND = { 'api/client.ts': '', 'lib/time.ts': '', 'rooms/entries/Page.svelte': '' }

test.each([
  ['down', 'lib/words.ts', "import type { Me } from '../api/client'"],
  ['within its room', 'rooms/entries/form.ts', "import Page from './Page.svelte'"],
  ['from the top', 'App.svelte', "const load = () => import('./rooms/entries/Page.svelte')"],
  ['from a package', 'api/stream.ts', "import { tick } from 'svelte'"],
])('an import %s is as it should be', (_, file, text) => {
  expect(wrong({ ...GROUND, [file]: text })).toEqual([])
})

test.each([
  ['a value', 'api/words.ts', "import { ago } from '../lib/time'"],
  ['a type', 'api/words.ts', "import type { Zone } from '../lib/time'"],
  ['what is passed on', 'api/words.ts', "export { ago } from '../lib/time'"],
  ['on several lines', 'api/words.ts', "import {\n  ago,\n} from '../lib/time'"],
  ['while it runs', 'rooms/auth/Door.svelte', "import('../entries/Page.svelte')"],
  ['for its effect', 'ui/Box.svelte', "import '../rooms/entries/Page.svelte'"],
])('an import from above is refused: %s', (_, file, text) => {
  const [line, ...more] = wrong({ ...GROUND, [file]: text })
  expect(line).toMatch(`${file} imports `)
  expect(more).toEqual([])
})

test('folders of one floor do not meet', () => {
  const files = { 'rooms/ops/a.ts': "import '../limits/b'", 'rooms/limits/b.ts': '' }
  expect(wrong(files)).toHaveLength(1)
})

test('a folder that nobody has put on a floor is refused', () => {
  expect(wrong({ 'rooms/insights/Page.svelte': '' })).toHaveLength(1)
  expect(wrong({ 'helpers/text.ts': '' })).toHaveLength(1)
})

test('files that import each other are refused, within a room too', () => {
  const files = {
    'lib/a.ts': "import './b'",
    'lib/b.ts': "import './c'",
    'lib/c.ts': "import './a'",
    'lib/d.ts': "import './a'",
  }
  expect(wrong(files)).toEqual(['a circle: lib/a.ts > lib/b.ts > lib/c.ts > lib/a.ts'])
})
