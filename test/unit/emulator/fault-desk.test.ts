import { expect, test } from 'vitest'
import { FaultDesk } from '../../../src/emulator/vonage/fault-desk.ts'

const nobody = () => []

test('a fault meets as many calls as were ordered, then none', () => {
  const desk = new FaultDesk()
  desk.order({ operation: 'secrets.create', kind: 'lose-answer', times: 2 })
  const met = Array.from({ length: 3 }, () => desk.take('secrets.create', nobody)?.kind ?? null)
  expect(met).toEqual(['lose-answer', 'lose-answer', null])
  expect(desk.pending).toEqual([])
})

test.each([
  ['*', 'sms.send', true],
  ['sms.send', 'sms.send', true],
  ['secrets.*', 'secrets.list', true],
  ['secrets.*', 'secretsx.list', false],
  ['secrets.list', 'secrets.create', false],
])('%s and %s', (pattern, operation, met) => {
  const desk = new FaultDesk()
  desk.order({ operation: pattern, kind: 'hang' })
  expect(desk.take(operation, nobody) !== null).toBe(met)
})

test('a fault of one account leaves the others alone', () => {
  const desk = new FaultDesk()
  desk.order({ kind: 'throttle', account: 'abcd1234' })
  expect(desk.take('sms.send', () => ['other123'])).toBeNull()
  expect(desk.take('sms.send', () => ['abcd1234'])?.kind).toBe('throttle')
})

test('faults of one operation come in the order in which they were ordered', () => {
  const desk = new FaultDesk()
  desk.order({ operation: 'sms.send', kind: 'throttle' })
  desk.order({ operation: '*', kind: 'error' })
  expect(desk.take('sms.send', nobody)?.kind).toBe('throttle')
  expect(desk.take('sms.send', nobody)?.kind).toBe('error')
})

test('an order that makes no sense is refused', () => {
  const desk = new FaultDesk()
  expect(() => desk.order({ kind: 'hang', times: 0 })).toThrow()
  expect(desk.pending).toEqual([])
})
