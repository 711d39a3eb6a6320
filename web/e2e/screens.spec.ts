// Every screen, light and dark, from the narrowest phone to a wide desk: no violation that axe can find, no
// scrolling sideways, nothing too small for a thumb. SCREENS_DIR=… writes a picture of each to be looked at.
import AxeBuilder from '@axe-core/playwright'
import { account } from './screens/account'
import { entries } from './screens/entries'
import { manage } from './screens/manage'
import { people } from './screens/people'
import { sharing } from './screens/sharing'
import { Client, expect, test } from './support/test'

const WIDTHS = [320, 390, 768, 1440]
const SCHEMES = ['light', 'dark'] as const
const TAGS = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice']
/** Smaller than the 48 px that touch targets have here only by what rounding takes. */
const THUMB = 47.5

/** What reaches beyond the window, or is too small to be hit with a thumb. */
function misfits(thumb: number): string[] {
  const name = (element: Element) =>
    `<${element.tagName.toLowerCase()}> ${element.textContent.trim().slice(0, 40)}`
  const { clientWidth, scrollWidth } = document.documentElement
  const found =
    scrollWidth > clientWidth ? [`the page is ${scrollWidth - clientWidth} px too wide`] : []
  const scope = document.querySelector('dialog[open]') ?? document.body
  for (const element of scope.querySelectorAll('*')) {
    const box = element.getBoundingClientRect()
    // What scrolls in an area of its own may be wider than the page.
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
  }
  return found
}

for (const [name, open] of Object.entries({
  ...account,
  ...entries,
  ...people,
  ...sharing,
  ...manage,
})) {
  test(name, async ({ page, admin, viewer, client, request }) => {
    // Eight sizes and four times axe are all work and no waiting.
    test.setTimeout(180_000)
    await page.emulateMedia({ reducedMotion: 'reduce' })
    const reader = await Client.signIn(request, viewer)
    await open({ page, admin, viewer, client, reader })
    for (const colorScheme of SCHEMES) {
      await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' })
      for (const width of WIDTHS) {
        await page.setViewportSize({ width, height: width < 600 ? 780 : 900 })
        // What the bar covers on a page that was scrolled is no smaller for that.
        await page.evaluate(() => {
          scrollTo(0, 0)
        })
        const what = `${name}, ${colorScheme}, ${width} px`
        expect.soft(await page.evaluate(misfits, THUMB), what).toEqual([])
        if (process.env.SCREENS_DIR !== undefined) {
          const path = `${process.env.SCREENS_DIR}/${name}-${width}-${colorScheme}.png`
          await page.screenshot({ path, fullPage: true })
        }
        // The narrow and the wide layout; those between differ by nothing that axe looks at.
        if (width !== 390 && width !== 1440) continue
        const { violations } = await new AxeBuilder({ page }).withTags(TAGS).analyze()
        const told = violations.map(({ id, help, nodes }) => ({
          id,
          help,
          nodes: nodes.map((node) => `${node.target.join(' ')}: ${node.failureSummary ?? ''}`),
        }))
        expect.soft(told, what).toEqual([])
      }
    }
  })
}
