import js from '@eslint/js'
import { defineConfig } from 'eslint/config'
import svelte from 'eslint-plugin-svelte'
import globals from 'globals'
import ts from 'typescript-eslint'
import svelteConfig from './svelte.config.js'

export default defineConfig(
  { ignores: ['dist', 'src/api/schema.d.ts', 'test-results', 'playwright-report'] },
  js.configs.recommended,
  ts.configs.strictTypeChecked,
  ts.configs.stylisticTypeChecked,
  svelte.configs.recommended,
  svelte.configs.prettier,
  {
    languageOptions: {
      globals: globals.browser,
      parserOptions: {
        projectService: { allowDefaultProject: ['public/*.js'] },
        extraFileExtensions: ['.svelte'],
      },
    },
    rules: {
      // Numbers and booleans read well in template strings; only objects are a mistake there.
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true }],
    },
  },
  {
    files: ['**/*.test.ts'],
    rules: {
      // A test that meets nothing where something must be fails anyway.
      '@typescript-eslint/no-non-null-assertion': 'off',
    },
  },
  {
    files: ['**/*.svelte', '**/*.svelte.ts'],
    languageOptions: { parserOptions: { parser: ts.parser, svelteConfig } },
    rules: {
      // The router is our own: links are plain local paths, there is no SvelteKit to resolve them.
      'svelte/no-navigation-without-resolve': 'off',
      // State that is drawn is in runes; a plain Map, Set or Date holds only what is not.
      'svelte/prefer-svelte-reactivity': 'off',
    },
  },
  {
    // A filter sends nothing, and a dialog closes by a form of its own.
    files: ['src/**/*.svelte'],
    ignores: ['src/ui/Form.svelte', 'src/ui/Dialog.svelte', 'src/rooms/audit/Page.svelte'],
    rules: {
      'svelte/no-restricted-html-elements': [
        'error',
        { elements: ['form'], message: 'Forms are ui/Form.svelte.' },
      ],
    },
  },
)
