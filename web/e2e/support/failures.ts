// Repeats at the very end what failed, why, and what the page showed: a log may be cut to its end.
import { readFileSync } from 'node:fs'
import { relative } from 'node:path'
import type { FullConfig, Reporter, Suite, TestCase } from '@playwright/test/reporter'

const COLOURS = new RegExp(`${String.fromCharCode(27)}\\[[0-9;]*m`, 'g')

export default class Failures implements Reporter {
  private root: Suite | undefined

  onBegin(_: FullConfig, root: Suite) {
    this.root = root
  }

  onEnd() {
    for (const test of this.root?.allTests() ?? []) {
      if (test.outcome() === 'unexpected') console.log(`FAILED ${words(test)}`)
    }
  }
}

function words(test: TestCase): string {
  const { file, line } = test.location
  const error = test.results.find(({ error }) => error)?.error
  const at = error?.location ? `, line ${error.location.line}` : ''
  const why = (error?.message ?? '').replace(COLOURS, '').replace(/\s+/g, ' ').slice(0, 300)
  return `${relative(process.cwd(), file)}:${line} ${test.title}${at}: ${why}\n${shown(test)}`
}

/** The accessibility tree of the page when the test failed, as Playwright wrote it down. */
function shown(test: TestCase): string {
  const attachments = test.results.flatMap(({ attachments }) => attachments)
  const path = attachments.find(({ name }) => name === 'error-context')?.path
  if (path === undefined) return ''
  const tree = readFileSync(path, 'utf8').split('```yaml')[1]?.split('```')[0] ?? ''
  return tree.trim().split('\n').slice(0, 80).join('\n')
}
