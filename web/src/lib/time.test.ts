import { describe, expect, test } from 'vitest'
import {
  addDays,
  ago,
  dateTime,
  dayDate,
  dayName,
  exactTime,
  fromWall,
  instantsOf,
  isKnown,
  logicalDay,
  placeOf,
  readWall,
  sameWall,
  sameZone,
  timeOfDay,
  timeOn,
  timeSeen,
  toWall,
  wallIn,
  wallTime,
  zoneWords,
} from './time'

const now = Date.parse('2026-11-24T12:00:00Z')

test.each([
  ['2026-11-24T12:00:30Z', 'just now'],
  ['2026-11-24T11:59:01Z', 'just now'],
  ['2026-11-24T11:59:00Z', '1 min ago'],
  ['2026-11-24T11:48:00Z', '12 min ago'],
  ['2026-11-24T11:00:01Z', '59 min ago'],
  ['2026-11-24T11:00:00Z', '1 h ago'],
  ['2026-11-23T12:00:01Z', '23 h ago'],
  ['2026-11-23T12:00:00Z', '1 day ago'],
  ['2023-11-24T12:00:00Z', '1,096 days ago'],
])('%s was %s', (at, words) => {
  expect(ago(at, now)).toBe(words)
})

test('shows an instant on the wall of a zone', () => {
  expect(timeOfDay('2026-11-24T00:05:00Z', 'UTC')).toBe('00:05')
  expect(timeOfDay('2026-11-24T00:05:00Z', 'Pacific/Pago_Pago')).toBe('13:05')
  expect(dateTime('2026-11-24T23:30:00Z', 'Pacific/Auckland')).toBe('25 Nov 2026, 12:30')
})

test('under a day, a time after midnight says which night it is', () => {
  expect(timeOn('2026-11-24T08:05:00Z', 'UTC', '2026-11-24')).toBe('08:05')
  expect(timeOn('2026-11-25T02:00:00Z', 'UTC', '2026-11-24')).toBe('Wed 02:00')
  // The entry's day was fixed in another zone.
  expect(timeOn('2026-11-23T23:05:00Z', 'UTC', '2026-11-24')).toBe('Mon 23:05')
  expect(timeOn('2026-11-24T23:30:00Z', 'Pacific/Auckland', '2026-11-24')).toBe('Wed 12:30')
  expect(timeOn('2026-11-22T23:05:00Z', 'UTC', '2026-11-24')).toBe('22 Nov 2026, 23:05')
})

test('seen from now, a time is told by the date on the wall, at night as in the morning', () => {
  const seen = (at: string, now: string) => timeSeen(at, 'UTC', Date.parse(now))
  expect(seen('2026-11-24T08:05:00Z', '2026-11-24T12:00:00Z')).toBe('08:05')
  for (const now of ['2026-11-24T03:00:00Z', '2026-11-24T10:00:00Z']) {
    expect(seen('2026-11-24T02:00:00Z', now)).toBe('02:00')
    expect(seen('2026-11-23T23:05:00Z', now)).toBe('Yesterday, 23:05')
  }
  expect(seen('2026-11-22T23:05:00Z', '2026-11-24T12:00:00Z')).toBe('22 Nov 2026, 23:05')
})

test('names days, the near ones relative to today', () => {
  expect(dayName('2026-11-24', '2026-11-24')).toBe('Today')
  expect(dayName('2026-11-23', '2026-11-24')).toBe('Yesterday')
  expect(dayName('2026-11-22', '2026-11-24')).toBe('Sunday 22 November')
  expect(dayName('2025-12-31', '2026-11-24')).toBe('Wednesday 31 December 2025')
  expect(dayName('2025-12-31', '2026-01-01')).toBe('Yesterday')
  expect(dayDate('2025-12-31')).toBe('31 Dec 2025')
})

test('counts days over months and a leap day', () => {
  expect(addDays('2028-02-28', 1)).toBe('2028-02-29')
  expect(addDays('2026-03-01', -1)).toBe('2026-02-28')
})

describe('the wall of a zone', () => {
  test.each([
    ['2026-07-01T12:00', 'UTC', '2026-07-01T12:00:00.000Z'],
    ['2026-07-01T12:00', 'Pacific/Tongatapu', '2026-06-30T23:00:00.000Z'],
    ['2026-07-01T12:00', 'Pacific/Pago_Pago', '2026-07-01T23:00:00.000Z'],
    ['2026-07-01T12:00', 'Asia/Kathmandu', '2026-07-01T06:15:00.000Z'],
    ['2026-03-29T01:59', 'Europe/Berlin', '2026-03-29T00:59:00.000Z'],
    ['2026-03-29T03:00', 'Europe/Berlin', '2026-03-29T01:00:00.000Z'],
    ['2026-10-25T03:00', 'Europe/Berlin', '2026-10-25T02:00:00.000Z'],
  ])('%s in %s is %s, both ways', (wall, zone, instant) => {
    expect(fromWall(wall, zone)).toBe(instant)
    expect(toWall(instant, zone)).toBe(wall)
  })

  test('a time that comes twice is the first of the two', () => {
    expect(fromWall('2026-10-25T02:30', 'Europe/Berlin')).toBe('2026-10-25T00:30:00.000Z')
    expect(fromWall('2026-11-01T01:30', 'America/New_York')).toBe('2026-11-01T05:30:00.000Z')
  })

  test('a time that is skipped is as much later as was skipped', () => {
    expect(fromWall('2026-03-29T02:30', 'Europe/Berlin')).toBe('2026-03-29T01:30:00.000Z')
  })

  test('a text that is no time is null', () => {
    expect(fromWall('', 'UTC')).toBeNull()
    expect(fromWall('2026-13-01T00:00', 'UTC')).toBeNull()
  })
})

test('a time on the wall is none, one or two instants', () => {
  const of = (wall: string, zone = 'Europe/Berlin') => instantsOf(wall, zone)
  expect(of('2026-07-01T12:00')).toEqual(['2026-07-01T10:00:00.000Z'])
  expect(of('2026-10-25T02:30')).toEqual(['2026-10-25T00:30:00.000Z', '2026-10-25T01:30:00.000Z'])
  expect(of('2026-03-29T02:30')).toEqual([])
  expect(of('2011-12-30T12:00', 'Pacific/Apia')).toEqual([])
  expect(of('2026-04-05T01:45', 'Australia/Lord_Howe')).toHaveLength(2)
  expect(of('')).toBeNull()
})

test('the first value of a field is read back as the same minute, also in the hour that comes twice', () => {
  for (const zone of ['Europe/Berlin', 'America/St_Johns', 'Australia/Lord_Howe', 'Asia/Kolkata']) {
    for (const begin of ['2026-10-24T20:00:00Z', '2026-11-01T02:00:00Z', '2026-04-04T12:00:00Z']) {
      for (let minute = 0; minute < 600; minute += 7) {
        const at = new Date(Date.parse(begin) + minute * 60_000).toISOString()
        expect(readWall(wallTime(at, zone), zone)).toEqual({ at })
      }
    }
  }
})

test('zones are the same when their walls are all year, whatever they are called', () => {
  expect(sameZone('Asia/Calcutta', 'Asia/Kolkata', now)).toBe(true)
  expect(sameZone('Europe/Berlin', 'Europe/Vienna', now)).toBe(true)
  expect(sameZone('UTC', 'Etc/GMT', now)).toBe(true)
  expect(sameZone('America/Phoenix', 'America/Denver', now)).toBe(false)
  expect(sameZone('UTC', 'Europe/London', now)).toBe(false)
  expect(sameZone('Europe/Berlin', 'Mars/Olympus', now)).toBe(true)
})

test.each([
  ['2026-11-24T01:00:00Z', 'UTC', 4, '2026-11-23'],
  ['2026-11-24T04:00:00Z', 'UTC', 4, '2026-11-24'],
  ['2026-11-24T00:00:00Z', 'UTC', 0, '2026-11-24'],
  ['2026-11-24T10:30:00Z', 'Pacific/Pago_Pago', 0, '2026-11-23'],
  ['2026-11-24T11:30:00Z', 'Pacific/Tongatapu', 0, '2026-11-25'],
])('%s in %s with days from %d o’clock belongs to %s', (at, zone, startsAt, day) => {
  expect(logicalDay(at, zone, startsAt)).toBe(day)
})

test('zones are the same when their walls are', () => {
  expect(sameWall('Europe/Berlin', 'Europe/Paris', now)).toBe(true)
  expect(sameWall('Europe/Berlin', 'Europe/London', now)).toBe(false)
  expect(placeOf('America/Argentina/Buenos_Aires')).toBe('Buenos Aires')
  expect(placeOf('Asia/Calcutta')).toBe('Kolkata')
  expect(placeOf('Asia/Saigon')).toBe('Ho Chi Minh')
  expect(placeOf('Europe/Kiev')).toBe('Kyiv')
})

test('a zone that the browser does not know is shown in UTC, and said to be', () => {
  const zone = 'America/Newly_Founded'
  const at = '2026-11-24T12:05:00.000Z'
  expect([isKnown(zone), isKnown('Europe/Berlin')]).toEqual([false, true])
  expect([toWall(at, zone), timeOfDay(at, zone)]).toEqual(['2026-11-24T12:05', '12:05'])
  expect(fromWall('2026-11-24T12:05', zone)).toBe(at)
  expect(exactTime(at, zone)).toContain('UTC')
  expect(logicalDay(at, zone, 4)).toBe('2026-11-24')
  expect(zoneWords(zone)).toBe('UTC, since this browser does not know the time in Newly Founded')
  expect(zoneWords('America/New_York')).toBe('New York time')
  expect(zoneWords('America/Godthab')).toBe('Nuuk time')
})

test('a chosen time is the same moment in another zone, or nothing where it is not clear which', () => {
  const berlin = { wall: '2026-10-25T02:30', zone: 'Europe/Berlin' }
  const single = { ...berlin, wall: '2026-11-24T12:00', second: null }
  expect(wallIn(single, 'America/New_York')).toEqual({ wall: '2026-11-24T06:00', second: null })
  expect(wallIn({ ...berlin, second: false }, 'UTC').wall).toBe('2026-10-25T00:30')
  expect(wallIn({ ...berlin, second: true }, 'UTC').wall).toBe('2026-10-25T01:30')
  const utc = { wall: '2026-10-25T01:30', second: null, zone: 'UTC' }
  expect(wallIn(utc, 'Europe/Berlin')).toEqual({ wall: berlin.wall, second: true })
  const open = { wall: berlin.wall, second: null }
  expect(wallIn({ ...berlin, ...open }, 'UTC')).toEqual({ wall: '', second: null })
  expect(wallIn({ ...berlin, ...open }, 'Europe/Berlin')).toEqual(open)
  expect(wallIn({ ...open, wall: '', zone: 'UTC' }, 'Europe/Berlin').wall).toBe('')
})
