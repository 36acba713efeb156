import { join } from 'node:path'
import type { Target, Way } from './ways.ts'
import { type World, TOOLS } from './world.ts'

export const CALLS = ['balance', 'sms'] as const
export type Call = (typeof CALLS)[number]

/** A real client, and how it is started for one call. */
export interface Client {
  readonly name: string
  /** Commands without which it can't be tried. */
  readonly needs: readonly string[]
  readonly ways: readonly Way[]
  /** Ends with 0 when the API took the call, or prints the answer, for `accepts` to judge. */
  readonly accepts?: (call: Call, printed: string) => boolean
  readonly command: (call: Call, target: Target, way: Way, world: World) => readonly string[]
}

const HERE = import.meta.dirname
const EVERY_URL = ['base URL', 'own listener', 'forward proxy', 'CONNECT'] as const
const PAIR = ['api_key=a1b2c3d4', 'api_secret=placeholder-Gg6Hh7Ii8']
const MESSAGE = [...PAIR, 'from=Sidekey', 'to=447700900000', 'text=hello']

const node = (script: string) => [process.execPath, join(HERE, 'node', script)]
const python = (script: string) => [join(TOOLS, 'venv/bin/python'), join(HERE, 'python', script)]

function nodeHttp(library: string): Client {
  return {
    name: library === 'fetch' ? 'fetch (Node)' : `${library} (Node)`,
    needs: [],
    ways: EVERY_URL,
    command: (call, { rest }) => [...node('http.mjs'), library, call, rest],
  }
}

function pythonHttp(library: string): Client {
  return {
    name: `${library} (Python)`,
    needs: ['python3'],
    ways: EVERY_URL,
    command: (call, { rest }) => [...python('http_client.py'), library, call, rest],
  }
}

/** Every client of the table, in its order. */
export const CLIENTS: readonly Client[] = [
  {
    name: '@vonage/server-sdk 3.30',
    needs: [],
    ways: ['base URL', 'own listener', 'CONNECT'],
    command: (call, { rest, api, proxied }) => [
      ...node('vonage.mjs'),
      '@vonage/server-sdk',
      call,
      ...(proxied ? [] : [rest, api]),
    ],
  },
  {
    name: '@vonage/server-sdk 3.1.1',
    needs: [],
    ways: ['base URL', 'CONNECT'],
    command: (call, { rest, api, proxied }) => [
      ...node('vonage.mjs'),
      'vonage-3-1',
      call,
      ...(proxied ? [] : [rest, api]),
    ],
  },
  {
    name: '@vonage/server-sdk 2.11.3',
    needs: [],
    ways: ['CONNECT'],
    command: (call) => [...node('vonage-2.mjs'), call],
  },
  {
    name: 'Vonage SDK 4.9 (Python)',
    needs: ['python3'],
    ways: ['CONNECT'],
    command: (call) => [...python('vonage_sdk.py'), call],
  },
  nodeHttp('fetch'),
  nodeHttp('axios'),
  nodeHttp('got'),
  pythonHttp('requests'),
  pythonHttp('httpx'),
  {
    name: 'net/http (Go)',
    needs: ['go'],
    ways: EVERY_URL,
    command: (call, { rest }) => [join(TOOLS, 'go-client'), call, rest],
  },
  {
    name: 'HttpClient (Java)',
    needs: ['java', 'javac'],
    ways: EVERY_URL,
    command: (call, { rest }) => ['java', '-cp', join(TOOLS, 'java'), 'Client', call, rest],
  },
  {
    name: 'curl',
    needs: ['curl'],
    ways: [...EVERY_URL, 'TLS', 'unix socket'],
    // A refused message is a 200, which says nothing to curl.
    accepts: (call, printed) =>
      /"value"|"status":"0"/.exec(printed)?.[0] === (call === 'sms' ? '"status":"0"' : '"value"'),
    command: (call, { rest }, way, world) => curl(call, rest, way, world),
  },
]

function curl(call: Call, rest: string, way: Way, { ports, files }: World): readonly string[] {
  // As a hosts file would lead it to the TLS listener.
  const tls = ['--connect-to', `::127.0.0.1:${ports.tls}`, '--cacert', files.certificate]
  const data = (texts: readonly string[]) => texts.flatMap((text) => ['--data-urlencode', text])
  return [
    'curl',
    '--silent',
    '--show-error',
    '--fail-with-body',
    ...(way === 'TLS' ? tls : []),
    ...(way === 'unix socket' ? ['--unix-socket', files.socket] : []),
    ...(call === 'balance' ? ['--get', ...data(PAIR)] : data(MESSAGE)),
    `${rest}${call === 'balance' ? '/account/get-balance' : '/sms/json'}`,
  ]
}
