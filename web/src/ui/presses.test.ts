// @vitest-environment jsdom
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { oncePerPress } from './presses'

let stop: () => void
beforeEach(() => {
  document.body.innerHTML = `<button id="a"><span>A</span></button><button id="b">B</button>
    <label id="l"><input id="c" type="checkbox" /> C</label><textarea id="t"></textarea>`
  stop = oncePerPress()
})
afterEach(() => {
  stop()
})

const find = (id: string) => document.getElementById(id) ?? document.body

function click(target: Element, detail: number): boolean {
  const heard = vi.fn()
  target.addEventListener('click', heard, { once: true })
  target.dispatchEvent(new MouseEvent('click', { bubbles: true, cancelable: true, detail }))
  return heard.mock.calls.length > 0
}

test('the second click of a double click does nothing to something else', () => {
  expect(click(find('a'), 1)).toBe(true)
  expect(click(find('b'), 2)).toBe(false)
  expect(click(find('b'), 1)).toBe(true)
})

test('two quick clicks on the same are two', () => {
  expect(click(find('a'), 1)).toBe(true)
  expect(click(find('a').querySelector('span') ?? find('a'), 2)).toBe(true)
  expect(click(find('a'), 3)).toBe(true)
})

test('a label and what it is for are the same', () => {
  expect(click(find('l'), 1)).toBe(true)
  expect(click(find('c'), 2)).toBe(true)
})

test('a key that is held is pressed once, and writes on in a text', () => {
  const press = (target: Element, repeat: boolean) =>
    target.dispatchEvent(
      new KeyboardEvent('keydown', { key: 'Enter', repeat, bubbles: true, cancelable: true }),
    )
  expect(press(find('a'), false)).toBe(true)
  expect(press(find('a'), true)).toBe(false)
  expect(press(find('t'), true)).toBe(true)
})
