// @vitest-environment jsdom
import { createRawSnippet, flushSync, mount, unmount } from 'svelte'
import { expect, test } from 'vitest'
import type { ControlAttributes } from './control'
import Field from './Field.svelte'

function draw(props: { hint?: string; error?: string }) {
  const children = createRawSnippet<[ControlAttributes]>((attributes) => ({
    render: () => '<input />',
    setup: (input) => {
      for (const [name, value] of Object.entries({ ...attributes() })) {
        if (value !== undefined) input.setAttribute(name, value)
      }
    },
  }))
  const app = mount(Field, { target: document.body, props: { label: 'Note', children, ...props } })
  flushSync()
  const input = document.querySelector('input')!
  const described = (input.getAttribute('aria-describedby') ?? '').split(' ').filter(Boolean)
  const told = {
    label: input.labels?.[0]?.textContent,
    described: described.map((id) => document.getElementById(id)?.textContent),
    invalid: input.getAttribute('aria-invalid'),
  }
  void unmount(app)
  return told
}

test('the label belongs to the control', () => {
  expect(draw({})).toEqual({ label: 'Note', described: [], invalid: null })
})

test('hint and error are read with the control, and an error marks it', () => {
  expect(draw({ hint: 'At most 500 characters', error: 'Too long' })).toEqual({
    label: 'Note',
    described: ['At most 500 characters', 'Too long'],
    invalid: 'true',
  })
})
