import { describe, expect, test } from 'vitest'
import {
  basic,
  type EmulatorUnderTest,
  FORM_TYPE,
  JSON_TYPE,
  KEY,
  SECRET,
  startEmulator,
} from './emulator.ts'

type Placement = 'basic' | 'query' | 'form' | 'json'

interface Family {
  readonly name: string
  readonly method: 'GET' | 'POST'
  readonly path: string
  readonly accepts: readonly Placement[]
  readonly parameters: Readonly<Record<string, unknown>>
  /** Status of success and of a refusal, and what the refusal's body says. */
  readonly ok: number
  readonly refused: number
  readonly says: RegExp
}

const sms = { to: '447700900001', from: 'Sidekey', text: 'hello' }
const number = { number: '447700900001', brand: 'Sidekey' }
const message = { message_type: 'text', channel: 'sms', to: '1', from: '2', text: 'x' }
const any: readonly Placement[] = ['basic', 'query', 'form', 'json']
const ERROR_CODE = /"error-code":"401","error-code-label":"authentication failed"/
const UNATHORIZED = /#unathorized/

const family = (
  name: string,
  request: `${'GET' | 'POST'} /${string}`,
  accepts: readonly Placement[],
  parameters: Readonly<Record<string, unknown>>,
  [ok, refused]: readonly [number, number],
  says: RegExp,
): Family => {
  const [method, path] = request.split(' ') as ['GET' | 'POST', string]
  return { name, method, path, accepts, parameters, ok, refused, says }
}

const FAMILIES: readonly Family[] = [
  family('SMS', 'POST /sms/json', any, sms, [200, 200], /"status":"4"/),
  family('SMS in XML', 'POST /sms/xml', any, sms, [200, 200], /<message><status>4<\/status>/),
  family('Verify', 'POST /verify/json', any, number, [200, 200], /^\{"status":"4",/),
  family(
    'Verify in XML',
    'POST /verify/xml',
    any,
    number,
    [200, 200],
    /<verify_response><status>4</,
  ),
  family('Verify check', 'POST /verify/check/json', any, number, [200, 200], /^\{"status":"4",/),
  family(
    'Verify search',
    'GET /verify/search/xml',
    any,
    number,
    [200, 200],
    /<verify_request><status>4</,
  ),
  family(
    'Verify control',
    'POST /verify/control/xml',
    any,
    number,
    [200, 200],
    /<response><status>4</,
  ),
  family(
    'NI basic',
    'GET /ni/basic/json',
    ['basic', 'query'],
    number,
    [200, 200],
    /^\{"status":4,"status_m/,
  ),
  family(
    'NI in XML',
    'GET /ni/standard/xml',
    ['basic', 'query'],
    number,
    [200, 200],
    /<lookup><status>4</,
  ),
  family(
    'NI async',
    'GET /ni/advanced/async/json',
    ['basic', 'query'],
    number,
    [200, 200],
    /^\{"status":4,"error_t/,
  ),
  family('Messages', 'POST /v1/messages', ['basic', 'json'], message, [202, 401], UNATHORIZED),
  family('Verify v2', 'POST /v2/verify', ['basic'], { workflow: [] }, [202, 401], UNATHORIZED),
  family('Applications', 'GET /v2/applications', ['basic'], {}, [200, 401], UNATHORIZED),
  family('Reports', 'GET /v2/reports/records', ['basic'], {}, [200, 401], UNATHORIZED),
  family('Balance', 'GET /account/get-balance', ['basic', 'query'], {}, [200, 401], ERROR_CODE),
  family('Numbers', 'GET /account/numbers', ['basic', 'query'], {}, [200, 401], ERROR_CODE),
  family('Buying', 'POST /number/buy', ['basic', 'query'], {}, [200, 401], ERROR_CODE),
  family(
    'Pricing',
    'GET /account/get-pricing/outbound/sms',
    ['basic', 'query'],
    {},
    [200, 401],
    ERROR_CODE,
  ),
  family('Message Search', 'GET /search/messages', ['basic', 'query'], {}, [200, 401], ERROR_CODE),
  family('Conversion', 'POST /conversions/sms', ['basic', 'query'], {}, [200, 401], ERROR_CODE),
  family(
    'Redact',
    'POST /v1/redact/transaction',
    ['basic'],
    {},
    [204, 401],
    /"type":"UNAUTHORIZED"/,
  ),
  family('Audit', 'GET /beta/audit/events', ['basic'], {}, [200, 401], /Full authentication/),
  family('Media', 'GET /v3/media', ['query'], {}, [200, 401], UNATHORIZED),
  family('Secrets', `GET /accounts/${KEY}/secrets`, ['basic'], {}, [200, 401], /#unauthorized/),
]

describe.each(FAMILIES)('$name', (api) => {
  const placements = any.filter((placement) => api.method === 'POST' || !isBody(placement))

  test('understands its placements, and no other', async () => {
    const emulator = await startEmulator()
    for (const placement of placements) {
      const answer = await ask(emulator, api, placement, SECRET)
      if (api.accepts.includes(placement)) {
        expect(answer.status, placement).toBe(api.ok)
        expect(answer.text, placement).not.toMatch(api.says)
      } else {
        expect(answer, placement).toMatchObject({ status: api.refused })
        expect(answer.text, placement).toMatch(api.says)
      }
    }
  })

  test('reports a wrong secret in its own way, and counts it', async () => {
    const emulator = await startEmulator()
    const accepted = api.accepts.filter((placement) => placements.includes(placement))
    for (const placement of accepted) {
      const answer = await ask(emulator, api, placement, 'wrong')
      expect(answer.status, placement).toBe(api.refused)
      expect(answer.text, placement).toMatch(api.says)
    }
    const { authFailures, processed } = emulator.control.state().counters
    expect(Object.values(authFailures)).toEqual([accepted.length])
    expect(processed).toEqual({})
  })
})

test('a client that wants XML gets the account’s refusals in XML, each with its root', async () => {
  const emulator = await startEmulator()
  const ask = async (path: string) => {
    const response = await fetch(emulator.url + path, { headers: { accept: 'application/xml' } })
    return [response.status, await response.text()]
  }
  const code =
    '<error-code>401</error-code><error-code-label>authentication failed</error-code-label>'
  expect(await ask('/account/get-balance')).toEqual([
    401,
    expect.stringContaining(`<response>${code}`),
  ])
  expect(await ask('/account/numbers')).toEqual([
    401,
    expect.stringContaining(`<inbound-numbers>${code}`),
  ])
})

test('top-up refuses with a 401 that is no auth failure', async () => {
  const emulator = await startEmulator()
  const topUp = async () => {
    const response = await fetch(`${emulator.url}/account/top-up`, {
      method: 'POST',
      headers: { ...basic(KEY, SECRET), ...FORM_TYPE },
      body: 'trx=1',
    })
    return [response.status, await response.text()]
  }
  expect(await topUp()).toEqual([401, expect.stringContaining('not auto-reload enabled')])
  expect(emulator.control.state().counters.authFailures).toEqual({})
  emulator.control.configure({ autoReload: true })
  expect((await topUp())[0]).toBe(200)
})

test('Voice and Video take tokens only, and refuse in their own way', async () => {
  const emulator = await startEmulator()
  const headers = basic(KEY, SECRET)
  expect((await fetch(`${emulator.url}/v1/calls`, { headers })).status).toBe(401)
  const video = await fetch(`${emulator.url}/v2/project/app/session`, { headers })
  expect([video.status, await video.json()]).toEqual([
    403,
    { code: 403, message: 'You passed in an invalid JWT token' },
  ])
})

test('a signed SMS without a secret is a bad signature, status 14', async () => {
  const emulator = await startEmulator()
  const body = `api_key=${KEY}&timestamp=1600000000&sig=00&to=1&from=2&text=x`
  const sent = await fetch(`${emulator.url}/sms/json`, { method: 'POST', headers: FORM_TYPE, body })
  expect(await sent.json()).toMatchObject({ messages: [{ status: '14' }] })
})

test('two placements at once are an error of their own in strict mode only', async () => {
  const emulator = await startEmulator()
  const send = () =>
    fetch(`${emulator.url}/sms/json`, {
      method: 'POST',
      headers: { ...basic(KEY, SECRET), ...JSON_TYPE },
      body: JSON.stringify({ ...sms, api_key: KEY, api_secret: 'stale' }),
    })
  expect(await (await send()).json()).toMatchObject({ messages: [{ status: '0' }] })
  emulator.control.configure({ strictAuth: true })
  const refused = await send()
  expect([refused.status, await refused.text()]).toEqual([
    400,
    expect.stringContaining('#multiple-auth-methods'),
  ])
})

test('a long text is sent in parts', async () => {
  const emulator = await startEmulator()
  const long: Family = { ...FAMILIES[0]!, parameters: { ...sms, text: 'x'.repeat(400) } }
  expect((await ask(emulator, long, 'form', SECRET)).text).toContain('"message-count":"3"')
})

async function ask(
  emulator: EmulatorUnderTest,
  { method, path, parameters }: Family,
  placement: Placement,
  secret: string,
): Promise<{ readonly status: number; readonly text: string }> {
  const pair = { api_key: KEY, api_secret: secret }
  const inBody = method === 'POST' ? parameters : {}
  const inQuery = method === 'GET' ? parameters : {}
  const asForm = placement === 'form'
  const body = placement === 'json' || asForm ? { ...inBody, ...pair } : inBody
  const query = placement === 'query' ? { ...inQuery, ...pair } : inQuery
  const text = asForm ? encode(body) : JSON.stringify(body)
  const response = await fetch(`${emulator.url}${path}?${encode(query)}`, {
    method,
    headers: {
      ...(method === 'POST' ? (asForm ? FORM_TYPE : JSON_TYPE) : {}),
      ...(placement === 'basic' ? basic(KEY, secret) : {}),
    },
    body: method === 'POST' ? text : null,
  })
  return { status: response.status, text: await response.text() }
}

function isBody(placement: Placement): boolean {
  return placement === 'form' || placement === 'json'
}

function encode(parameters: Readonly<Record<string, unknown>>): string {
  return new URLSearchParams(
    Object.entries(parameters).map(([name, value]): [string, string] => [name, String(value)]),
  ).toString()
}
