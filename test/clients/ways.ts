import type { World } from './world.ts'

/** How a client reaches Sidekey. */
export type Way = 'base URL' | 'own listener' | 'forward proxy' | 'CONNECT' | 'TLS' | 'unix socket'

export interface Target {
  /** What stands for `https://rest.nexmo.com` and `https://api.nexmo.com` in a client's code. */
  readonly rest: string
  readonly api: string
  /** Whether the client is told of the proxy and of the authority, as `sidekey run` does. */
  readonly proxied: boolean
}

/** What a client has to be told, for each way in. */
export function targetOf(way: Way, world: Pick<World, 'ports'>): Target {
  const { ports } = world
  switch (way) {
    case 'base URL': {
      const url = `http://127.0.0.1:${ports.proxy}/vonage`
      return { rest: `${url}/rest`, api: `${url}/api`, proxied: false }
    }
    case 'own listener': {
      const on = (port: number) => `http://127.0.0.1:${port}`
      return { rest: on(ports.rest), api: on(ports.api), proxied: false }
    }
    case 'forward proxy':
    case 'unix socket':
      return {
        rest: 'http://rest.nexmo.com',
        api: 'http://api.nexmo.com',
        proxied: way === 'forward proxy',
      }
    case 'CONNECT':
    case 'TLS':
      return {
        rest: 'https://rest.nexmo.com',
        api: 'https://api.nexmo.com',
        proxied: way === 'CONNECT',
      }
  }
}
