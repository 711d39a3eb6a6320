// The page is served under a policy that allows scripts and styles from its own origin only, and
// nothing inline. So Vite may inline nothing: no preload helper, no assets turned into data: URIs.
import { svelte } from '@sveltejs/vite-plugin-svelte'
import { defineConfig } from 'vitest/config'

const api = `http://127.0.0.1:${process.env.API_PORT ?? '8081'}`

export default defineConfig(({ mode }) => ({
  plugins: [svelte()],
  build: {
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
  },
  server: { proxy: { '/api': api, '/health': api } },
  // Without the browser condition the tests would load Svelte's server build, which cannot mount.
  resolve: mode === 'test' ? { conditions: ['browser'] } : {},
  test: {
    // Files that need a document say so in their first line.
    environment: 'node',
    include: ['src/**/*.test.ts'],
  },
}))
