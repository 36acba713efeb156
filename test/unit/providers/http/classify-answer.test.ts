import { expect, test } from 'vitest'
import {
  classifyCreate,
  classifyList,
  classifyRevoke,
} from '../../../../src/providers/http/classify-answer.ts'
import { type HttpApi, httpKeys } from '../../../../src/providers/http/keys.ts'

const api = (change: object = {}): HttpApi =>
  httpKeys.parse({
    account: 'acme',
    api: {
      baseUrl: 'https://api.example',
      auth: { headers: { 'X-Key': '{secret}' } },
      value: { length: 20, alphabet: 'abc' },
      list: { path: '/keys', items: '', id: '/id', createdAt: '/at' },
      create: { path: '/keys', json: { key: '{value}' }, id: '/data/id' },
      revoke: { path: '/keys/{secretId}' },
      verify: [{ service: 'api', path: '/me', accept: [{ status: 200 }] }],
      ...change,
    },
  }).api

const answer = (status: number, body?: unknown, headers = {}) => ({ status, headers, body })

test('a list is sorted by age, whatever writes the time', () => {
  const body = [
    { id: 'c', at: 1_800_000_000 },
    { id: 'a' },
    { id: 'b', at: '2026-11-23T00:00:00Z' },
    { id: 4, at: 1_900_000_000_000 },
  ]
  expect(classifyList(api(), answer(200, body), 0)).toEqual({
    kind: 'listed',
    secrets: [
      { secretId: 'a', createdAtMs: 0, active: true },
      { secretId: 'b', createdAtMs: Date.parse('2026-11-23T00:00:00Z'), active: true },
      { secretId: 'c', createdAtMs: 1_800_000_000_000, active: true },
      { secretId: '4', createdAtMs: 1_900_000_000_000, active: true },
    ],
  })
})

test.each([[{}], [[{ id: '' }]], [[{}]], ['text'], [undefined], [[null]]])(
  'a list that can not be read, %j, is no empty list',
  (body) => {
    expect(classifyList(api(), answer(200, body), 0)).toEqual({ kind: 'unavailable' })
  },
)

test('an element may say that it is deactivated', () => {
  const list = { path: '/keys', id: '/id', inactive: { json: '/state', in: ['OFF'] } }
  const body = [
    { id: 'a', state: 'OFF' },
    { id: 'b', state: 'ON' },
  ]
  const found = classifyList(api({ list }), answer(200, body), 0)
  expect(found.kind === 'listed' && found.secrets.map(({ active }) => active)).toEqual([
    false,
    true,
  ])
})

test('the first matching error counts, for its own call only, even at a success', () => {
  const errors = [
    { on: 'create', status: 200, json: '/errors/*/code', matches: '^FULL$', means: 'slots-full' },
    { status: 409, means: 'absent' },
    { status: 409, means: 'last-secret' },
  ]
  const full = answer(200, { errors: [{ code: 'OTHER' }, { code: 'full' }] })
  expect(classifyCreate(api({ errors }), full, 0)).toEqual({ kind: 'slots-full' })
  expect(classifyRevoke(api({ errors }), 'revoke', full, 0)).toEqual({ kind: 'revoked' })
  const conflict = answer(409)
  expect(classifyRevoke(api({ errors }), 'revoke', conflict, 0)).toEqual({ kind: 'absent' })
  expect(classifyCreate(api({ errors }), conflict, 0)).toEqual({ kind: 'unavailable' })
})

test.each([
  [null, { kind: 'unavailable' }],
  [answer(500), { kind: 'unavailable' }],
  [answer(401), { kind: 'unauthorized' }],
  [answer(403), { kind: 'forbidden' }],
  [answer(404), { kind: 'unavailable' }],
  [answer(302), { kind: 'unavailable' }],
  [answer(429, null, { 'retry-after': '7' }), { kind: 'throttled', retryAfterMs: 7_000 }],
  [answer(201, {}), { kind: 'unavailable' }],
  [answer(201, { data: { id: 7 } }), { kind: 'created', secretId: '7', value: null }],
])('without a word on it, %j to a create is %j', (given, expected) => {
  expect(classifyCreate(api(), given, 0)).toEqual(expected)
})
