// How a screen is checked, light and dark, from the narrowest phone to a wide desk, and in large text: no violation
// that axe can find, no scrolling sideways, nothing cut off, nothing too small for a thumb. SCREENS_DIR=… writes a
// picture of each. The files beside this one hold the screens, one part of the page each, so that they run side by
// side.
import AxeBuilder from '@axe-core/playwright'
import { Client, expect, type Page, setTextSize, test } from '../support/test'
import { type Screens } from './cast'

const WIDTHS = [320, 390, 768, 1440]
const PHONES = [320, 390]
/** The narrow and the wide layout; widths in between make no difference to axe. */
const LAYOUTS = [390, 1440]
const SCHEMES = ['light', 'dark'] as const
/** Settings of the browser in place of 16 px. */
const LARGE_TEXT = [24, 32]
const TAGS = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice']
/** Rules that depend on colours; the rest is found in any theme. */
const COLOUR_RULES = ['color-contrast', 'link-in-text-block']
/** Touch targets have 48 px here; only rounding may take from that. */
const THUMB = 47.5

const softly = expect.configure({ soft: true, timeout: 30_000 })

/** Elements that reach beyond the window, are cut off, or are too small for a thumb. */
function misfits(thumb: number): string[] {
  const name = (element: Element) =>
    `<${element.tagName.toLowerCase()}> ${element.textContent.trim().slice(0, 40)}`
  const { clientWidth, scrollWidth } = document.documentElement
  const found =
    scrollWidth > clientWidth ? [`the page is ${scrollWidth - clientWidth} px too wide`] : []
  const scope = document.querySelector('dialog[open]') ?? document.body
  for (const element of scope.querySelectorAll('*')) {
    const box = element.getBoundingClientRect()
    // An area that scrolls by itself may be wider than the page.
    const clipped =
      element.closest('.heard, .skip, [aria-hidden=true], svg, [role=group][tabindex="0"] *') !==
      null
    if (box.width === 0 || box.height === 0 || clipped) continue
    if (box.right > clientWidth + 0.5 || box.left < -0.5)
      found.push(`beyond the edge: ${name(element)}`)
    // A link within a sentence is as tall as its line; a box or a dot is pressed through its label.
    const pressed = element.matches(
      'button, select, input:not([type=checkbox], [type=radio]), .button',
    )
    if (pressed && Math.min(box.width, box.height) < thumb) {
      found.push(`${box.width.toFixed(0)} by ${box.height.toFixed(0)} px: ${name(element)}`)
    }
    // A field scrolls its text; every word of any other control is in sight.
    const spills =
      element.scrollWidth > element.clientWidth + 1 ||
      element.scrollHeight > element.clientHeight + 1
    if (element.matches('button, .button') && spills) found.push(`spills over: ${name(element)}`)
  }
  return found
}

async function look(page: Page, name: string): Promise<void> {
  for (const colorScheme of SCHEMES) {
    await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' })
    for (const width of WIDTHS) {
      const what = `${name}, ${colorScheme}, ${width} px`
      await fits(page, width, what)
      await photograph(page, `${name}-${width}-${colorScheme}`)
      if (!LAYOUTS.includes(width)) continue
      const rules =
        colorScheme === 'light'
          ? { type: 'tag' as const, values: TAGS }
          : { type: 'rule' as const, values: COLOUR_RULES }
      expect.soft(await violations(page, rules), what).toEqual([])
    }
  }
}

/** Checks the screen for people who have set their browser to a larger text. */
async function lookInLargeText(page: Page, name: string): Promise<void> {
  for (const size of LARGE_TEXT) {
    await setTextSize(page, size)
    for (const width of PHONES) {
      await fits(page, width, `${name}, ${width} px, text of ${size} px`)
    }
  }
}

async function fits(page: Page, width: number, what: string): Promise<void> {
  await page.setViewportSize({ width, height: width < 600 ? 780 : 900 })
  // A target that the bar covers on a scrolled page is no smaller for that.
  await page.evaluate(() => {
    scrollTo(0, 0)
  })
  // The browser may still be drawing what changed; only what stays counts.
  await softly.poll(() => page.evaluate(misfits, THUMB), what).toEqual([])
}

async function photograph(page: Page, name: string): Promise<void> {
  if (process.env.SCREENS_DIR === undefined) return
  await page.screenshot({ path: `${process.env.SCREENS_DIR}/${name}.png`, fullPage: true })
}

async function violations(page: Page, runOnly: { type: 'tag' | 'rule'; values: string[] }) {
  // There are no frames to look into, and rules that pass are not reported.
  const { violations } = await new AxeBuilder({ page })
    .setLegacyMode(true)
    .options({ runOnly, resultTypes: ['violations'] })
    .analyze()
  return violations.map(({ id, help, nodes }) => ({
    id,
    help,
    nodes: nodes.map((node) => `${node.target.join(' ')}: ${node.failureSummary ?? ''}`),
  }))
}

/**
 * Makes a test of each screen. A failure is described in words, so nothing is recorded, which would take as long again.
 */
export function screens(all: Screens): void {
  test.use({ trace: 'off' })
  for (const [name, open] of Object.entries(all)) {
    test(name, async ({ page, admin, viewer, client, request }) => {
      await page.emulateMedia({ reducedMotion: 'reduce' })
      const reader = await Client.signIn(request, viewer)
      await open({ page, admin, viewer, client, reader })
      await look(page, name)
      await lookInLargeText(page, name)
    })
  }
}
