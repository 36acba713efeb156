/** How a client reaches Sidekey. */
export type Way =
  'base URL' | 'own listener' | 'forward proxy' | 'CONNECT' | 'TLS by name' | 'unix socket'

/** Every way, in the order of the tables. */
export const WAYS: readonly Way[] = [
  'base URL',
  'own listener',
  'forward proxy',
  'CONNECT',
  'TLS by name',
  'unix socket',
]

/** Each upstream: its real host, and its path below Sidekey's base URL. */
export const HOSTS = {
  rest: { name: 'rest.nexmo.com', path: '/vonage/rest' },
  api: { name: 'api.nexmo.com', path: '/vonage/api' },
  twilio: { name: 'api.twilio.com', path: '/twilio' },
  stripe: { name: 'api.stripe.com', path: '/stripe' },
  openai: { name: 'api.openai.com', path: '/openai' },
} as const

export type Host = keyof typeof HOSTS

/** Every host's own listener, and Sidekey's others. */
export type Ports = Readonly<Record<Host | 'proxy' | 'admin' | 'tls', number>>

export interface Target {
  /** What stands for `https://` and the host in a client's code. */
  readonly urls: Readonly<Record<Host, string>>
  /** Whether the client is told of the proxy and of the authority, as `sidekey run` does. */
  readonly proxied: boolean
}

/** What a client has to be told, for each way in. */
export function targetOf(way: Way, ports: Ports): Target {
  switch (way) {
    case 'base URL':
      return target(false, (host) => `http://127.0.0.1:${ports.proxy}${HOSTS[host].path}`)
    case 'own listener':
      return target(false, (host) => `http://127.0.0.1:${ports[host]}`)
    case 'forward proxy':
    case 'unix socket':
      return target(way === 'forward proxy', (host) => `http://${HOSTS[host].name}`)
    case 'CONNECT':
    case 'TLS by name':
      return target(way === 'CONNECT', (host) => `https://${HOSTS[host].name}`)
  }
}

function target(proxied: boolean, urlOf: (host: Host) => string): Target {
  const [rest, api, twilio, stripe, openai] = [
    urlOf('rest'),
    urlOf('api'),
    urlOf('twilio'),
    urlOf('stripe'),
    urlOf('openai'),
  ]
  return { urls: { rest, api, twilio, stripe, openai }, proxied }
}
