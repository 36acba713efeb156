import { describe, expect, test } from 'vitest'
import type { RestAnswer } from '../../../../src/providers/rest/rest-client.ts'
import {
  classifyCreate,
  classifyList,
  classifyRevoke,
} from '../../../../src/providers/vonage/classify-answer.ts'

const NOW_MS = Date.parse('2026-11-23T00:00:00Z')
const ERRORS = 'https://developer.nexmo.com/api-errors'
const SECRETS = `${ERRORS}/account/secret-management`

const answer = (
  status: number,
  body: unknown,
  headers: RestAnswer['headers'] = {},
): RestAnswer => ({
  status,
  headers,
  body,
})

const FULL = { kind: 'slots-full' }
const INVALID = { kind: 'invalid-value' }
const UNAVAILABLE = { kind: 'unavailable' }
const UNAUTHORIZED = { kind: 'unauthorized' }

/** Every known body, and what nobody has published: name, status, body, what a create makes of it. */
const REFUSED_CREATES: readonly (readonly [string, number, unknown, object])[] = [
  [
    'the full account of today, 403',
    403,
    {
      type: `${SECRETS}#add-excess-secret`,
      title: 'Secret Addition Forbidden',
      detail: 'Account reached maximum number [2] of allowed secrets',
    },
    FULL,
  ],
  [
    'the full account of older fixtures, 400',
    400,
    {
      type: `${SECRETS}#maximum-secrets-allowed`,
      title: 'Maxmimum number of secrets already met',
      detail: "This account has reached maximum number of '2' allowed secrets",
    },
    FULL,
  ],
  ['a full account by type alone', 400, { type: `${SECRETS}#add-excess-secret` }, FULL],
  [
    'a full account by detail alone, under the type of a weak value',
    400,
    { type: `${SECRETS}#validation`, detail: 'reached Maximum Number of secrets' },
    FULL,
  ],
  [
    'a full account by the reason of a parameter',
    400,
    {
      type: `${SECRETS}#validation`,
      invalid_parameters: [{ name: 'secret', reason: 'maximum number of secrets' }],
    },
    FULL,
  ],
  [
    'a weak value',
    400,
    {
      type: `${SECRETS}#validation`,
      title: 'Bad Request',
      detail: 'The request failed due to secret validation errors',
      invalid_parameters: [{ name: 'secret', reason: 'Does not meet complexity requirements' }],
    },
    INVALID,
  ],
  ['validation at 422', 422, { type: `${ERRORS}/subaccounts#validation` }, INVALID],
  ['a problem of unknown type, such as a duplicate', 400, { title: 'Bad Request' }, INVALID],
  ['a 400 page of a gateway', 400, undefined, UNAVAILABLE],
  ['a 400 that is no problem', 400, { error: 'no' }, UNAVAILABLE],
  ['a 403 for lack of permission', 403, { type: `${ERRORS}#forbidden` }, { kind: 'forbidden' }],
  ['a 403 page of a firewall', 403, undefined, { kind: 'forbidden' }],
  ['an unprovisioned account', 403, { type: `${ERRORS}#unprovisioned` }, { kind: 'forbidden' }],
  [
    '401, malformed header',
    401,
    { type: 'https://developer.nexmo.com/', title: 'Unauthorized' },
    UNAUTHORIZED,
  ],
  ['401, specification 1.0.4', 401, { type: `${ERRORS}#unauthorized` }, UNAUTHORIZED],
  [
    '401, subaccounts',
    401,
    { type: `${ERRORS}#unauthorized`, title: 'Invalid credentials supplied' },
    UNAUTHORIZED,
  ],
  [
    '401, 2026',
    401,
    { type: 'https://developer.vonage.com/api-errors/#unathorized' },
    UNAUTHORIZED,
  ],
  ['401 without a body', 401, undefined, UNAUTHORIZED],
  [
    'an unknown account, by type',
    404,
    { type: `${ERRORS}#invalid-api-key`, detail: "API key 'ABC123' not found" },
    { kind: 'account-not-found' },
  ],
  [
    'an unknown account, by detail',
    404,
    { detail: "API key 'ABC123' does not exist, or you do not have access" },
    { kind: 'account-not-found' },
  ],
  ['a 404 page of something else', 404, '<html>', UNAVAILABLE],
  ['a server error', 500, { type: `${SECRETS}#validation` }, UNAVAILABLE],
  ['a gateway error', 502, undefined, UNAVAILABLE],
  ['a redirect', 302, undefined, UNAVAILABLE],
  ['an error of another call', 404, { type: `${ERRORS}#invalid-id` }, UNAVAILABLE],
]

describe('a refused create', () => {
  test.each(REFUSED_CREATES)('%s', (_name, status, body, expected) => {
    expect(classifyCreate(answer(status, body), NOW_MS)).toEqual(expected)
  })

  test('no answer at all is unavailable', () => {
    expect(classifyCreate(null, NOW_MS)).toEqual(UNAVAILABLE)
  })
})

describe('a create', () => {
  test('gives the id, and no value', () => {
    const created = answer(201, { id: 'id-1', created_at: '2018-12-03T10:07:23Z', _links: {} })
    const expected = { kind: 'created', secretId: 'id-1', value: null }
    expect(classifyCreate(created, NOW_MS)).toEqual(expected)
  })

  test.each([undefined, {}, { id: '' }, { id: 7 }, 'created'])(
    'whose success can not be read (%j) is unavailable: the list will tell',
    (body) => {
      expect(classifyCreate(answer(201, body), NOW_MS)).toEqual(UNAVAILABLE)
    },
  )
})

describe('a revoke', () => {
  const lastSecret = {
    type: `${SECRETS}#delete-last-secret`,
    title: 'Secret Deletion Forbidden',
    detail:
      'Can not delete the last secret. The account must always have at least 1 secret active at any time',
  }

  test.each([
    ['204 without a body', 204, undefined, { kind: 'revoked' }],
    ['the last secret', 403, lastSecret, { kind: 'last-secret' }],
    ['the last secret by its detail', 403, { detail: lastSecret.detail }, { kind: 'last-secret' }],
    ['a 403 for lack of permission', 403, { title: 'Forbidden' }, { kind: 'forbidden' }],
    ['an id that is gone', 404, { type: `${ERRORS}#invalid-id` }, { kind: 'absent' }],
    [
      'an id that is gone, by detail',
      404,
      { detail: "ID 'x' could not be found" },
      { kind: 'absent' },
    ],
    [
      'an unknown account is not an id that is gone',
      404,
      { type: `${ERRORS}#invalid-api-key` },
      { kind: 'account-not-found' },
    ],
    ['a 404 of something else is not an id that is gone', 404, undefined, UNAVAILABLE],
    [
      'an answer that belongs to a create',
      403,
      { type: `${SECRETS}#add-excess-secret` },
      UNAVAILABLE,
    ],
  ])('%s', (_name, status, body, expected) => {
    expect(classifyRevoke(answer(status, body), NOW_MS)).toEqual(expected)
  })
})

describe('a list', () => {
  test('is sorted by age, since the provider promises no order', () => {
    const secrets = [
      { id: 'young', created_at: '2017-03-02T16:34:49Z' },
      { id: 'old', created_at: '2016-01-20T16:34:49Z' },
    ]
    expect(classifyList(answer(200, { _embedded: { secrets } }), NOW_MS)).toEqual({
      kind: 'listed',
      secrets: [
        { secretId: 'old', createdAtMs: Date.parse('2016-01-20T16:34:49Z'), active: true },
        { secretId: 'young', createdAtMs: Date.parse('2017-03-02T16:34:49Z'), active: true },
      ],
    })
  })

  test('an unreadable time is no reason to lose an id', () => {
    const secrets = [{ id: 'a', created_at: 'yesterday' }, { id: 'b' }]
    expect(classifyList(answer(200, { _embedded: { secrets } }), NOW_MS)).toMatchObject({
      secrets: [{ createdAtMs: 0 }, { createdAtMs: 0 }],
    })
  })

  test.each([undefined, {}, [], { _embedded: {} }, { _embedded: { secrets: [{}] } }, 'page'])(
    'that can not be read (%j) is unavailable, never empty',
    (body) => {
      expect(classifyList(answer(200, body), NOW_MS)).toEqual(UNAVAILABLE)
    },
  )
})

describe('throttling', () => {
  const throttled = (headers: RestAnswer['headers']) =>
    classifyList(answer(429, undefined, headers), NOW_MS)

  test.each([
    ['Retry-After in seconds', { 'retry-after': '15' }, 15_000],
    ['Retry-After as a date', { 'retry-after': 'Mon, 23 Nov 2026 00:01:00 GMT' }, 60_000],
    [
      'Retry-After before the reset',
      { 'retry-after': '15', 'x-ratelimit-reset': String(NOW_MS + 90_000) },
      15_000,
    ],
    ['a reset in milliseconds', { 'x-ratelimit-reset': String(NOW_MS + 90_000) }, 90_000],
    ['a reset in seconds', { 'x-ratelimit-reset': String(NOW_MS / 1000 + 90) }, 90_000],
    ['no hint', {}, 30_000],
    ['an unreadable hint', { 'retry-after': 'soon', 'x-ratelimit-reset': '-' }, 30_000],
    ['a repeated header', { 'retry-after': ['20', '30'] }, 20_000],
    ['a hint of zero', { 'retry-after': '0' }, 1_000],
    ['a reset in the past', { 'x-ratelimit-reset': String(NOW_MS - 1) }, 1_000],
    ['a hint without end', { 'retry-after': '999999999' }, 3_600_000],
  ])('%s', (_name, headers, retryAfterMs) => {
    expect(throttled(headers)).toEqual({ kind: 'throttled', retryAfterMs })
  })
})
