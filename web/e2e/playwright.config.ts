import { homedir } from 'node:os'
import { defineConfig } from '@playwright/test'
import { ZONE } from './support/server'

const cache = process.env.CACHE_DIR ?? `${homedir()}/.cache/status-tracker`

// Every worker has its own server and its own database, so the files may run side by side. No test is
// tried twice: one that passes the second time has found something.
export default defineConfig({
  testDir: '.',
  // `make e2e-limits` runs these; one of them is in limits.spec.ts, for every run.
  testIgnore: process.env.E2E_LIMITS === '1' ? [] : ['limits/**'],
  outputDir: `${cache}/e2e-results`,
  workers: 2,
  retries: 0,
  forbidOnly: process.env.CI !== undefined,
  // These end a test that hangs and cost nothing otherwise, so they are long enough for a busy machine.
  timeout: 300_000,
  expect: { timeout: 60_000 },
  reporter: [['list'], ['./support/failures.ts']],
  use: {
    actionTimeout: 60_000,
    navigationTimeout: 60_000,
    locale: 'en-GB',
    // The zone of the test accounts: the page would offer any other one to them.
    timezoneId: ZONE,
    trace: 'retain-on-failure',
    screenshot: 'only-on-failure',
    launchOptions: {
      executablePath: process.env.CHROMIUM_PATH ?? '/usr/bin/chromium',
      args: [
        '--no-sandbox',
        '--disable-gpu',
        '--disable-quic',
        '--no-first-run',
        '--disable-background-networking',
        '--disable-component-update',
        '--disable-sync',
      ],
    },
  },
})
