import { describe, expect, test } from 'vitest'
import type { Placement } from '../../../src/emulator/vonage/call.ts'
import { valuesOf, type WireRequest } from './wire-tap.ts'
import { CURRENT, KEY, PLACEHOLDER, SdkWorld, STANDBY } from './world.ts'

const FORM = 'application/x-www-form-urlencoded'
const JSON_TYPE = 'application/json'

interface LegacyCall {
  readonly request: `${'GET' | 'POST'} ${'api' | 'rest'}/${string}`
  readonly placements: readonly Placement[]
  readonly parameters: Readonly<Record<string, string>>
  /** What only a success has. */
  readonly says: string
}

const sms = { from: 'Sidekey', to: '447700900001', text: 'a&b=c d+é%' }
const verify = { number: '447700900001', brand: 'Sidekey & Sons' }
const number = { number: '447700900001' }
const inBody: readonly Placement[] = ['basic', 'query', 'form', 'json']
const inQuery: readonly Placement[] = ['basic', 'query']

const CALLS: readonly LegacyCall[] = [
  { request: 'POST rest/sms/json', placements: inBody, parameters: sms, says: '"status":"0"' },
  {
    request: 'POST rest/sms/xml',
    placements: inBody,
    parameters: sms,
    says: '<status>0</status>',
  },
  { request: 'GET rest/sms/json', placements: inQuery, parameters: sms, says: '"status":"0"' },
  { request: 'POST api/verify/json', placements: inBody, parameters: verify, says: '"0"' },
  {
    request: 'POST api/verify/xml',
    placements: inBody,
    parameters: verify,
    says: '<status>0</status>',
  },
  { request: 'GET api/verify/json', placements: inQuery, parameters: verify, says: '"0"' },
  { request: 'GET api/ni/basic/json', placements: inQuery, parameters: number, says: 'GBR' },
  { request: 'GET api/ni/standard/xml', placements: inQuery, parameters: number, says: 'GBR' },
  { request: 'POST api/ni/advanced/json', placements: inQuery, parameters: number, says: 'GBR' },
  {
    request: 'GET rest/account/get-balance',
    placements: inQuery,
    parameters: {},
    says: '10.28',
  },
  {
    request: 'POST rest/number/buy',
    placements: inQuery,
    parameters: { country: 'GB', msisdn: '447700900001' },
    says: '"200"',
  },
  {
    request: 'GET rest/account/get-pricing/outbound/sms',
    placements: inQuery,
    parameters: { country: 'GB' },
    says: 'United Kingdom',
  },
  {
    request: 'GET rest/search/messages',
    placements: ['query'],
    parameters: { ids: '1' },
    says: '"items"',
  },
  {
    request: 'POST api/conversions/sms',
    placements: inQuery,
    parameters: { 'message-id': '1', delivered: 'true' },
    says: 'OK',
  },
  {
    request: 'POST api/v1/messages',
    placements: ['json'],
    parameters: { message_type: 'text', channel: 'sms', to: '1', from: '2', text: 'x' },
    says: 'message_uuid',
  },
  { request: 'GET api/v3/media', placements: ['query'], parameters: {}, says: '"media"' },
  // What the official SDK of today has no call for.
  {
    request: `GET api/accounts/${KEY}/subaccounts`,
    placements: ['basic'],
    parameters: {},
    says: '"primary_account"',
  },
  { request: 'GET api/beta/audit/events', placements: ['basic'], parameters: {}, says: '"events"' },
]

const CASES = CALLS.flatMap((call) =>
  call.placements.map((placement) => ({
    ...call,
    placement,
    name: `${call.request}, ${placement}`,
  })),
)

describe.each(CASES)('a client that writes its placeholder into $name', (call) => {
  test('reaches the provider with the current secret there', async () => {
    const world = await SdkWorld.start()
    const answer = await send(world, call)
    expect(answer.text).toContain(call.says)
    expect(world.calls).toMatchObject([
      { placement: call.placement, secretId: world.idOf(CURRENT), refused: false },
    ])
    expect(world.wire.map(countOf(CURRENT))).toEqual([1])
    await world.expectNoLeak()
  })

  test('succeeds with one more request when that was revoked', async () => {
    const world = await SdkWorld.start()
    world.revokeCurrent()
    const answer = await send(world, call)
    expect(answer.text).toContain(call.says)
    expect(world.calls).toMatchObject([
      { placement: call.placement, secretId: world.idOf(CURRENT), refused: true },
      { placement: call.placement, secretId: world.idOf(STANDBY), refused: false },
    ])
    const [first, second] = world.wire
    expect(textOf(second).replaceAll(STANDBY, CURRENT)).toBe(textOf(first))
    await world.expectNoLeak()
  })
})

test('every other byte of a form stays, in its order', async () => {
  const world = await SdkWorld.start()
  const body = `text=a%2fb+c%20d&api%5Fsecret=${PLACEHOLDER}&to=1&from=%zz&api_key=${KEY}&x&api_secret=again`
  await world.send('rest/sms/json', { method: 'POST', headers: { 'content-type': FORM }, body })
  const sent = world.wire[0]?.body.toString()
  expect(sent).toContain('text=a%2fb+c%20d&')
  expect(sent?.split('&').filter((each) => !each.startsWith('api'))).toEqual([
    'text=a%2fb+c%20d',
    'to=1',
    'from=%zz',
    'x',
  ])
  expect(world.wire.map(countOf(CURRENT))).toEqual([1])
  await world.expectNoLeak()
})

describe('a client that leaves a stale Basic header beside its form, as the Python SDK does', () => {
  const body = new URLSearchParams({ api_key: KEY, api_secret: PLACEHOLDER, ...verify }).toString()
  const headers = {
    authorization: `Basic ${Buffer.from(`${KEY}:${PLACEHOLDER}`).toString('base64')}`,
    'content-type': FORM,
  }

  test.each(['plain', 'revoked'])('sends one placement only: %s', async (state) => {
    const world = await SdkWorld.start()
    world.emulator.control.configure({ strictAuth: true })
    if (state === 'revoked') world.revokeCurrent()
    const answer = await world.send('api/verify/json', { method: 'POST', headers, body })
    expect(JSON.parse(answer.text)).toMatchObject({ status: '0' })
    const secrets = state === 'revoked' ? [CURRENT, STANDBY] : [CURRENT]
    expect(world.wire).toHaveLength(secrets.length)
    for (const [index, secret] of secrets.entries()) {
      const request = world.wire[index]
      const places = [
        request === undefined ? [] : valuesOf(request, 'authorization'),
        request?.body.toString().includes('api_secret') ? ['form'] : [],
      ].flat()
      expect(places).toHaveLength(1)
      expect(request && countOf(secret)(request)).toBe(1)
    }
    await world.expectNoLeak()
  })
})

async function send(world: SdkWorld, call: (typeof CASES)[number]) {
  const [method = '', path = ''] = call.request.split(' ')
  const { placement, parameters } = call
  const pair = { api_key: KEY, api_secret: PLACEHOLDER }
  const ownBody = method === 'POST' && call.placements.includes('form')
  const ownJson = placement === 'json'
  const bodyText = ownJson
    ? JSON.stringify({ ...parameters, ...pair })
    : new URLSearchParams({ ...parameters, ...(placement === 'form' && pair) }).toString()
  const body = ownBody || ownJson ? bodyText : undefined
  const query = new URLSearchParams({
    ...(body === undefined && parameters),
    ...(placement === 'query' && pair),
  }).toString()
  const basic = `Basic ${Buffer.from(`${KEY}:${PLACEHOLDER}`).toString('base64')}`
  return world.send(query === '' ? path : `${path}?${query}`, {
    method,
    headers: {
      ...(body !== undefined && { 'content-type': ownJson ? JSON_TYPE : FORM }),
      ...(placement === 'basic' && { authorization: basic }),
    },
    ...(body !== undefined && { body }),
  })
}

/** How often a secret stands in a request, in any placement. */
function countOf(secret: string): (request: WireRequest) => number {
  return (request) => textOf(request).split(secret).length - 1
}

/** All of a request that carries its credential; Basic decoded, lengths left to the tap. */
function textOf(request: WireRequest | undefined): string {
  if (request === undefined) return ''
  const basic = valuesOf(request, 'authorization').map((value) =>
    Buffer.from(value.replace(/^Basic /, ''), 'base64').toString(),
  )
  return [request.target, ...basic, request.body.toString()].join('\n')
}
