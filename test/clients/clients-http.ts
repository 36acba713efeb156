import { join } from 'node:path'
import type { Client, Run } from './client.ts'
import { GO, HERE } from './places.ts'
import { javaClasses, node, python } from './programs.ts'
import { npmPackage, pipVersion } from './versions.ts'
import { API_KEY, PLACEHOLDER } from './world-config.ts'

const COMMON = {
  calls: ['balance', 'sms'],
  ways: ['base URL', 'own listener', 'forward proxy', 'CONNECT'],
  told: 'the URL that it calls',
} as const

/** As in `COMMON`, the way first that the SDKs of these languages need where they are told nothing. */
const HARD_CODED = ['CONNECT', 'base URL', 'own listener', 'forward proxy'] as const

const PAIR = [`api_key=${API_KEY}`, `api_secret=${PLACEHOLDER}`]
const MESSAGE = [...PAIR, 'from=Sidekey', 'to=447700900000', 'text=hello']

/** HTTP clients of several languages, with the credential in the query and in a form. */
export const HTTP_CLIENTS: readonly Client[] = [
  ...['fetch', 'axios', 'got', 'node-fetch', 'undici'].map(nodeHttp),
  ...['requests', 'httpx'].map(pythonHttp),
  {
    ...COMMON,
    name: `aiohttp ${pipVersion('aiohttp')}`,
    runtime: 'Python',
    told: 'the URL that it calls, `trust_env`',
    command: ({ call, target }) => python('aiohttp_client.py', call, target.urls.rest),
  },
  {
    ...COMMON,
    name: 'net/http',
    runtime: 'Go',
    command: ({ call, target }) => [join(GO, 'client'), call, target.urls.rest],
  },
  {
    ...COMMON,
    name: 'HttpClient',
    runtime: 'Java',
    command: ({ call, target }) => {
      return ['java', '-cp', javaClasses('classes'), 'Client', call, target.urls.rest]
    },
  },
  {
    ...COMMON,
    name: 'Net::HTTP',
    runtime: 'Ruby',
    ways: HARD_CODED,
    command: ({ call, target }) => ['ruby', join(HERE, 'ruby/client.rb'), call, target.urls.rest],
  },
  {
    ...COMMON,
    name: 'curl extension',
    runtime: 'PHP',
    ways: HARD_CODED,
    command: ({ call, target }) => ['php', join(HERE, 'php/client.php'), call, target.urls.rest],
  },
  {
    ...COMMON,
    name: 'curl',
    runtime: 'curl',
    ways: [...COMMON.ways, 'TLS by name', 'unix socket'],
    command: curl,
    // A refused message is a 200, which says nothing to curl.
    accepts: (call, printed) => printed.includes(call === 'sms' ? '"status":"0"' : '"value"'),
  },
]

function nodeHttp(library: string): Client {
  return {
    ...COMMON,
    name: library === 'fetch' ? library : npmPackage(library),
    runtime: 'Node',
    told: library === 'undici' ? 'the URL that it calls, `EnvHttpProxyAgent`' : COMMON.told,
    command: ({ call, target }) => node('http.mjs', library, call, target.urls.rest),
  }
}

function pythonHttp(library: string): Client {
  return {
    ...COMMON,
    name: `${library} ${pipVersion(library)}`,
    runtime: 'Python',
    command: ({ call, target }) => python('http_client.py', library, call, target.urls.rest),
  }
}

function curl({ call, way, target, world: { ports, files } }: Run): readonly string[] {
  // As a hosts file would lead it to the TLS listener.
  const tls = ['--connect-to', `::127.0.0.1:${ports.tls}`, '--cacert', files.certificate]
  const data = (texts: readonly string[]) => texts.flatMap((text) => ['--data-urlencode', text])
  return [
    'curl',
    '--silent',
    '--show-error',
    '--fail-with-body',
    ...(way === 'TLS by name' ? tls : []),
    ...(way === 'unix socket' ? ['--unix-socket', files.socket] : []),
    ...(call === 'balance' ? ['--get', ...data(PAIR)] : data(MESSAGE)),
    `${target.urls.rest}${call === 'balance' ? '/account/get-balance' : '/sms/json'}`,
  ]
}
