import { inspect } from 'node:util'
import { describe, expect, test } from 'vitest'
import { EmulatedAccount } from '../../../src/emulator/vonage/emulated-account.ts'
import { changeSettings, DEFAULT_SETTINGS } from '../../../src/emulator/vonage/settings.ts'

const START_MS = 1_000_000
const VALUE = 'Planted2Secret'

function accountWithOne(): EmulatedAccount {
  const account = new EmulatedAccount('abcd1234', null, 'Primary', START_MS)
  account.seed('id-1', 'Planted1Secret', START_MS)
  return account
}

describe('lag', () => {
  const settings = changeSettings(DEFAULT_SETTINGS, {
    createLagMs: { api: 2_000, rest: 30_000 },
    revokeLagMs: { rest: 5_000 },
  })
  const accepts = (account: EmulatedAccount, host: 'api' | 'rest', atMs: number) =>
    account.identify(VALUE, host, settings, atMs)?.accepted

  test('each host learns of a created secret at its own time', () => {
    const account = accountWithOne()
    account.add('id-2', VALUE, settings, START_MS)
    expect(accepts(account, 'api', START_MS + 1_999)).toBe(false)
    expect(accepts(account, 'api', START_MS + 2_000)).toBe(true)
    expect(accepts(account, 'rest', START_MS + 29_999)).toBe(false)
    expect(accepts(account, 'rest', START_MS + 30_000)).toBe(true)
  })

  test('a longer lag unmakes no secret that was accepted, a shorter one ends it', () => {
    const account = accountWithOne()
    account.add('id-2', VALUE, settings, START_MS)
    const acceptedWith = (rest: number, atMs: number) => {
      const changed = changeSettings(settings, { createLagMs: { rest } })
      return account.identify(VALUE, 'rest', changed, atMs)?.accepted
    }
    expect(acceptedWith(60_000, START_MS + 30_000)).toBe(true)
    expect(acceptedWith(0, START_MS)).toBe(true)
  })

  test('each host forgets a revoked secret at its own time', () => {
    const account = accountWithOne()
    account.add('id-2', VALUE, settings, START_MS)
    const revokedMs = START_MS + 60_000
    expect(account.remove('id-2', revokedMs)).toBe('revoked')
    expect(accepts(account, 'api', revokedMs)).toBe(false)
    expect(accepts(account, 'rest', revokedMs + 4_999)).toBe(true)
    expect(accepts(account, 'rest', revokedMs + 5_000)).toBe(false)
  })

  test('the secrets of the start never wait', () => {
    const account = accountWithOne()
    const found = account.identify('Planted1Secret', 'rest', settings, START_MS)
    expect(found).toMatchObject({ accepted: true, secret: { id: 'id-1' } })
  })

  test('a lag that names one host leaves the other as it is', () => {
    const changed = changeSettings(settings, { createLagMs: { rest: 1 } })
    expect(changed.createLagMs).toEqual({ api: 2_000, rest: 1 })
    expect(changed.revokeLagMs).toEqual(settings.revokeLagMs)
  })
})

describe('slots and rules', () => {
  test.each([
    ['7 characters', 'Abcde12'],
    ['26 characters', 'Abcdefghijklmnopqrstuvwx12'],
    ['no digit', 'Abcdefgh'],
    ['no upper case', 'abcdefg1'],
    ['no lower case', 'ABCDEFG1'],
  ])('%s is weak', (_name, value) => {
    expect(accountWithOne().add('id', value, DEFAULT_SETTINGS, START_MS).kind).toBe('weak')
    const lax = changeSettings(DEFAULT_SETTINGS, { weakValue: 'accept' })
    expect(accountWithOne().add('id', value, lax, START_MS).kind).toBe('created')
  })

  test.each(['Abcdef12', 'Abcdefghijklmnopqrstuv123', 'With-Some_symbol1'])(
    '%s is strong',
    (value) => {
      expect(accountWithOne().add('id', value, DEFAULT_SETTINGS, START_MS).kind).toBe('created')
    },
  )

  test('a duplicate is refused, or made a second time', () => {
    const add = (duplicateValue: 400 | 201) =>
      accountWithOne().add('id-2', 'Planted1Secret', { ...DEFAULT_SETTINGS, duplicateValue }, 1)
    expect(add(400).kind).toBe('duplicate')
    expect(add(201).kind).toBe('created')
  })

  test('a revoked secret leaves its slot at once, whatever the lag', () => {
    const settings = changeSettings(DEFAULT_SETTINGS, { revokeLagMs: { api: 60_000 } })
    const account = accountWithOne()
    account.add('id-2', VALUE, settings, START_MS)
    expect(account.add('id-3', 'Planted3Secret', settings, START_MS).kind).toBe('slots-full')
    account.remove('id-1', START_MS)
    expect(account.add('id-3', 'Planted3Secret', settings, START_MS).kind).toBe('created')
  })

  test('the last one stays, unless it is forced', () => {
    const account = accountWithOne()
    expect(account.remove('id-1', START_MS)).toBe('last-secret')
    expect(account.remove('id-1', START_MS, true)).toBe('revoked')
    expect(account.remove('id-1', START_MS)).toBe('absent')
  })
})

test('a thousand rotations do not grow it', () => {
  const account = accountWithOne()
  for (let turn = 0; turn < 1_000; turn++) {
    account.add(`new-${turn}`, `Planted${turn}Secret`, DEFAULT_SETTINGS, START_MS)
    account.remove(account.live[0]?.id ?? '', START_MS)
  }
  expect(account.live).toHaveLength(1)
  expect(account.secrets.length).toBeLessThan(100)
})

test('nothing prints a value', () => {
  const account = accountWithOne()
  const printed = inspect(account, { depth: 9, showHidden: true }) + JSON.stringify(account.secrets)
  expect(printed).not.toContain('Planted1Secret')
})
