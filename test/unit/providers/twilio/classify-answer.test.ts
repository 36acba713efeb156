import { expect, test } from 'vitest'
import { SecretValue } from '../../../../src/kernel/secret-value.ts'
import {
  classifyCreate,
  classifyPromote,
  classifyRevoke,
} from '../../../../src/providers/twilio/classify-answer.ts'
import { twilioModule } from '../../../../src/providers/twilio/module.ts'

const ACCOUNT = `AC${'0'.repeat(32)}`
const context = { account: ACCOUNT, secretId: 'secondary', nowMs: 0 }
const answer = (status: number, body?: unknown) => ({ status, headers: {}, body })

test('a created token is a secret from where it is read', () => {
  const body = { account_sid: ACCOUNT, secondary_auth_token: 'Planted1Token' }
  const created = classifyCreate(answer(201, body), context)
  expect(created).toMatchObject({ kind: 'created', secretId: 'secondary' })
  const value = created.kind === 'created' ? created.value : null
  expect(value).toBeInstanceOf(SecretValue)
  expect(JSON.stringify(created)).not.toContain('Planted1Token')
})

test.each([
  [answer(201, { account_sid: ACCOUNT }), 'unavailable'],
  [answer(201, { account_sid: 'AC1', secondary_auth_token: 'x' }), 'unavailable'],
  [answer(400, { code: 70002 }), 'slots-full'],
  [answer(400, { code: 70001 }), 'unavailable'],
  // The API is not enabled for the account.
  [answer(404, { code: 20404 }), 'forbidden'],
  [answer(403, { code: 20006 }), 'forbidden'],
  [null, 'unavailable'],
])('%j to a create is %s', (given, kind) => {
  expect(classifyCreate(given, context).kind).toBe(kind)
})

test('a 404 to a deletion or a promotion says that there is no secondary', () => {
  expect(classifyRevoke(answer(404, {}), 0)).toEqual({ kind: 'absent' })
  expect(classifyPromote(answer(404, {}), 0)).toEqual({ kind: 'absent' })
})

test('an account is AC and 32 hex digits; plain http off loopback needs insecure: true', () => {
  const accepts = (options: object) => twilioModule.keys.safeParse(options).success
  const baseUrls = { api: 'http://emulator:9000' }
  expect(accepts({ accountSid: ACCOUNT })).toBe(true)
  expect(accepts({ accountSid: 'AC123' })).toBe(false)
  expect(accepts({ accountSid: ACCOUNT, baseUrls })).toBe(false)
  expect(accepts({ accountSid: ACCOUNT, baseUrls: { ...baseUrls, insecure: true } })).toBe(true)
})
