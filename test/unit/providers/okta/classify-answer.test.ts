import { expect, test } from 'vitest'
import { classifyCreate, classifyList } from '../../../../src/providers/okta/classify-answer.ts'
import { oktaModule } from '../../../../src/providers/okta/module.ts'

const answer = (status: number, body?: unknown, headers = {}) => ({ status, headers, body })

test('nothing of a listed secret but id, time and state is kept', () => {
  const shown = {
    id: 'ocs1',
    created: '2026-11-23T00:00:00.000Z',
    status: 'INACTIVE',
    client_secret: 'Planted1Value',
    secret_hash: 'Planted2Hash',
  }
  expect(classifyList(answer(200, [shown]), 0)).toEqual({
    kind: 'listed',
    secrets: [{ secretId: 'ocs1', createdAtMs: Date.parse(shown.created), active: false }],
  })
})

test.each([
  ["You've reached the maximum number of client secrets per client.", 'slots-full'],
  ['client_secret: must be longer', 'invalid-value'],
])('a 400 whose cause is %s is %s', (errorSummary, kind) => {
  const body = { errorCode: 'E0000001', errorSummary: 'Failed', errorCauses: [{ errorSummary }] }
  expect(classifyCreate(answer(400, body), 0)).toEqual({ kind })
})

test.each([
  [answer(400, 'a page'), { kind: 'unavailable' }],
  [answer(404, {}), { kind: 'account-not-found' }],
  [answer(403, {}), { kind: 'forbidden' }],
  [answer(429, {}, { 'x-rate-limit-reset': '100' }), { kind: 'throttled', retryAfterMs: 40_000 }],
])('%j is %j', (given, expected) => {
  expect(classifyCreate(given, 60_000)).toEqual(expected)
})

test('the app’s id is the client id, unless it is said', () => {
  const keys = { orgUrl: 'https://acme.okta.com', clientId: '0oa1' }
  expect(oktaModule.account(oktaModule.keys.parse(keys))).toBe('0oa1')
  expect(oktaModule.account(oktaModule.keys.parse({ ...keys, appId: '0oa2' }))).toBe('0oa2')
  expect(oktaModule.keys.safeParse({ ...keys, orgUrl: 'http://acme.okta.com' }).success).toBe(false)
})
