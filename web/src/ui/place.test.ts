import { expect, test } from 'vitest'
import { freePlace } from './place'

const room = { left: 0, top: 0, right: 300, bottom: 600 }
const size = { width: 200, height: 50 }
const box = (left: number, top: number, right: number, bottom: number) => ({
  left,
  top,
  right,
  bottom,
})

test('where nothing stands it is at the foot, in the middle', () => {
  expect(freePlace(size, room, [])).toEqual(box(50, 550, 250, 600))
  expect(freePlace(size, room, [box(0, 0, 300, 550)])).toEqual(box(50, 550, 250, 600))
})

test('it stands above what is at the foot', () => {
  const slider = box(20, 400, 280, 560)
  expect(freePlace(size, room, [slider])).toEqual(box(50, 350, 250, 400))
})

test('it takes a gap only if it fits into it', () => {
  const rows = [box(0, 400, 300, 600), box(0, 200, 300, 360)]
  expect(freePlace(size, room, rows)).toEqual(box(50, 150, 250, 200))
  expect(freePlace({ width: 200, height: 40 }, room, rows)).toEqual(box(50, 360, 250, 400))
})

test('beside what stands at one side all the way up it goes to the other', () => {
  expect(freePlace(size, room, [box(210, 0, 300, 600)])).toEqual(box(0, 550, 200, 600))
  expect(freePlace(size, room, [box(0, 0, 90, 600)])).toEqual(box(100, 550, 300, 600))
})

test('there may be no place', () => {
  expect(freePlace(size, room, [box(140, 0, 160, 600)])).toBeUndefined()
  expect(freePlace({ width: 301, height: 10 }, room, [])).toBeUndefined()
})
