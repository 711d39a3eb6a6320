// The pictures of the README: the dashboard after a year of use, light and dark. UPDATE_SCREENSHOTS=1 writes them;
// without it they are taken all the same, and have to be of the same size as the committed ones.
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Server } from './support/server'
import { expect, test } from './support/test'

const images = join(import.meta.dirname, '../../docs/images')
const update = process.env.UPDATE_SCREENSHOTS === '1'

/** Width and height, which a PNG says in its first chunk. */
function sizeOf(png: Buffer): { width: number; height: number } {
  return { width: png.readUInt32BE(16), height: png.readUInt32BE(20) }
}

test.use({ viewport: { width: 1200, height: 960 }, deviceScaleFactor: 1 })

test('the dashboard in light and dark', async ({ page }) => {
  const demo = await Server.start(['demo', '--days', '365'])
  try {
    const password = /^password: (.+)$/m.exec(demo.filled)?.[1]
    expect(password).toBeDefined()
    // The two people live half a day apart. The one who drank more today makes the better picture.
    const totals: [number, string][] = []
    const api = `${demo.baseURL}/api/v1`
    const signIn = async (username: string) => {
      const data = { username, password: password ?? '' }
      expect((await page.request.post(`${api}/auth/login`, { data })).status()).toBe(200)
    }
    for (const username of ['robin', 'sasha']) {
      await signIn(username)
      const status = await page.request.get(`${api}/people/${username}/status`)
      const { water } = (await status.json()) as { water: { today_ml: number } }
      totals.push([water.today_ml, username])
    }
    await signIn(totals.sort(([a], [b]) => b - a)[0]?.[1] ?? '')
    await page.emulateMedia({ reducedMotion: 'reduce' })
    await page.goto(demo.baseURL)
    await expect(page.getByRole('heading', { name: 'The day so far' })).toBeVisible()
    await expect(page.getByText('Live', { exact: true })).toBeVisible()
    await page.evaluate(() => document.fonts.ready)
    for (const colorScheme of ['light', 'dark'] as const) {
      await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' })
      const file = join(images, `dashboard-${colorScheme}.png`)
      const png = await page.screenshot()
      expect(sizeOf(png)).toEqual({ width: 1200, height: 960 })
      if (update) {
        mkdirSync(images, { recursive: true })
        writeFileSync(file, png)
      }
      if (existsSync(file)) expect(sizeOf(readFileSync(file))).toEqual(sizeOf(png))
    }
  } finally {
    await demo.close()
  }
})
