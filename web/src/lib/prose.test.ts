import { expect, test } from 'vitest'
import { parseProse } from './prose'

test('tells headings, paragraphs and lists apart', () => {
  const text = '# What is kept\n\nYour entries,\nyour name.\n\n- water\n- altitude\n\nNothing else.'
  expect(parseProse(text)).toEqual([
    { kind: 'heading', text: 'What is kept' },
    { kind: 'paragraph', text: 'Your entries, your name.' },
    { kind: 'list', items: ['water', 'altitude'] },
    { kind: 'paragraph', text: 'Nothing else.' },
  ])
})

test('a heading or a list may stand directly after or before text', () => {
  expect(parseProse('# Title\nText\n- one')).toEqual([
    { kind: 'heading', text: 'Title' },
    { kind: 'paragraph', text: 'Text' },
    { kind: 'list', items: ['one'] },
  ])
})

test('markup stays text', () => {
  expect(parseProse('<b>bold</b>')).toEqual([{ kind: 'paragraph', text: '<b>bold</b>' }])
  expect(parseProse('')).toEqual([])
})
