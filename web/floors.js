// Refuses what would make a knot of the page: an import from a floor above, or beside, and files that import each other.
import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import process from 'node:process'
import { pathToFileURL } from 'node:url'

/** From the ground up. A file imports from its own folder and from floors below; folders of one floor do not meet. */
const FLOORS = [
  ['api'],
  ['lib'],
  ['ui'],
  ['rooms/auth'],
  ['rooms/live'],
  ['rooms/entries'],
  ['rooms/people'],
  ['rooms/users', 'rooms/audit', 'rooms/limits', 'rooms/ops'],
  ['.'],
]
const IMPORT = /\b(?:from|import)\s*\(?\s*['"](\.[^'"]+)['"]/g
const ENDINGS = ['', '.ts', '.svelte', '.d.ts']

/**
 * Says what is wrong with the imports of these files, one line each.
 * @param {ReadonlyMap<string, string>} files their text, by their path in `src`
 */
export function wrongImports(files) {
  /** @type {Map<string, string[]>} */
  const graph = new Map()
  for (const [file, text] of files) graph.set(file, importsOf(file, text, files))
  const arrows = [...graph].flatMap(([file, imports]) =>
    imports
      .filter((other) => folderOf(other) !== folderOf(file) && floorOf(other) >= floorOf(file))
      .map((other) => `${file} imports ${other}, which does not stand below it`),
  )
  const homeless = [...files.keys()]
    .filter((file) => floorOf(file) < 0)
    .map((file) => `${file} stands on no floor; floors.js lists them`)
  return [...homeless, ...arrows, ...circles(graph)]
}

/**
 * @param {string} file
 * @param {string} text
 * @param {ReadonlyMap<string, string>} files
 */
function importsOf(file, text, files) {
  const paths = [...text.matchAll(IMPORT)].map(([, path = '']) => join(dirname(file), path))
  const named = paths.map((path) => ENDINGS.map((ending) => path + ending))
  return named.flatMap((names) => names.find((name) => files.has(name)) ?? [])
}

/** @param {string} file */
function folderOf(file) {
  const [first = '', second = '', third] = file.split('/')
  if (first === 'rooms' && third !== undefined) return `${first}/${second}`
  return file.includes('/') ? first : '.'
}

/** @param {string} file */
function floorOf(file) {
  return FLOORS.findIndex((floor) => floor.includes(folderOf(file)))
}

/**
 * Every way that leads back to where it began, once.
 * @param {ReadonlyMap<string, string[]>} graph
 */
function circles(graph) {
  /** @type {string[]} */
  const found = []
  const done = new Set()
  /**
   * @param {string} file
   * @param {string[]} way
   */
  const walk = (file, way) => {
    if (way.includes(file)) {
      found.push(`a circle: ${[...way.slice(way.indexOf(file)), file].join(' > ')}`)
    }
    if (done.has(file)) return
    done.add(file)
    for (const other of graph.get(file) ?? []) walk(other, [...way, file])
  }
  for (const file of graph.keys()) walk(file, [])
  return found
}

/**
 * The text of every source file below a folder, by its path in there.
 * @param {string} root
 */
export function sources(root) {
  const names = readdirSync(root, { recursive: true, encoding: 'utf8' })
  const files = names.filter((name) => /\.(ts|svelte|css)$/.test(name))
  return new Map(files.map((name) => [name, readFileSync(join(root, name), 'utf8')]))
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const wrong = wrongImports(sources('src'))
  for (const line of wrong) console.error(line)
  process.exitCode = wrong.length > 0 ? 1 : 0
}
