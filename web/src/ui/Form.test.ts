// @vitest-environment jsdom
import { createRawSnippet, flushSync, mount, tick, unmount } from 'svelte'
import { afterEach, expect, test, vi } from 'vitest'
import { Attempt } from '../api/attempt.svelte'
import { ApiError } from '../api/error'
import Form from './Form.svelte'

let drawn: Record<string, unknown> | undefined

afterEach(async () => {
  if (drawn) await unmount(drawn)
  drawn = undefined
})

function draw(props: { attempt: Attempt; onsubmit: () => unknown; shownElsewhere?: boolean }) {
  const children = createRawSnippet(() => ({
    render: () => '<p><input name="first" /><input name="second" aria-invalid="true" /></p>',
  }))
  drawn = mount(Form, {
    target: document.body,
    props: { ...props, children, action: 'Save', doing: 'Saving…' },
  })
  flushSync()
  const button = document.querySelector<HTMLButtonElement>('button[type=submit]')!
  return {
    button,
    press: () => {
      button.click()
      flushSync()
    },
  }
}

async function settled(): Promise<void> {
  for (let turn = 0; turn < 5; turn += 1) await tick()
  flushSync()
}

test('a press while an earlier one is under way sends nothing, and the button says what it does', async () => {
  const attempt = new Attempt()
  let arrive: (() => void) | undefined
  const send = vi.fn(() => attempt.run(() => new Promise<void>((done) => (arrive = done))))
  const { button, press } = draw({ attempt, onsubmit: send })
  press()
  press()
  document.querySelector('form')!.requestSubmit()
  expect(send).toHaveBeenCalledTimes(1)
  expect(button.textContent).toContain('Saving…')
  arrive?.()
  await settled()
  expect(button.textContent).toContain('Save')
  press()
  expect(send).toHaveBeenCalledTimes(2)
  arrive?.()
})

test.each([
  ['is said', false, 'Nothing was changed.'],
  ['is left to the fields', true, ''],
])('a refusal %s', async (_, shownElsewhere, words) => {
  const attempt = new Attempt()
  const refuse = () => attempt.run(() => Promise.reject(new ApiError(409, { code: 'invalid' })))
  const { press } = draw({ attempt, onsubmit: refuse, shownElsewhere })
  press()
  await settled()
  const said = document.querySelector('[role=alert]')?.textContent ?? ''
  if (words) expect(said).toContain(words)
  else expect(said).toBe('')
})

test('the first field that is wrong has the focus then', async () => {
  const { press } = draw({ attempt: new Attempt(), onsubmit: () => undefined })
  press()
  await settled()
  expect(document.activeElement?.getAttribute('name')).toBe('second')
})
