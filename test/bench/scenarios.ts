import type { Ability } from './contender.ts'
import { FORM_PREFIX, PLACEHOLDER, requestBytes, routePrefix } from './requests.ts'

/** One kind of load. */
export interface Scenario {
  /** For `--scenario`, and the key in recorded.json. */
  readonly id: string
  readonly title: string
  readonly tls: boolean
  readonly request: string
  /** Routes and credentials; the load walks over all of them. Default 1. */
  readonly routes: number
  /** Requests per second of an open loop; 0: as many as the proxy takes. */
  readonly rate: number
  /** For so long nobody has asked anything before each measurement, and before that there was load; 0: no such rest. */
  readonly restSeconds: number
  /** Each so-manieth request is refused at first; 0: none. */
  readonly refuseEvery: number
  /** Whether an account rotates meanwhile, every five seconds. */
  readonly rotating: boolean
  /** Keep-alive connections of the load; null: as many as the options say. */
  readonly connections: number | null
  readonly needs: Ability | null
  /**
   * A plain load that is measured beside it, on a process of its own, as the row `NAME (LABEL)`. What one run compares
   * must not be taken from two, between which the machine may have changed.
   */
  readonly against: ({ readonly label: string } & Partial<Scenario>) | null
}

const first = routePrefix(0)
const get = (bytes: number) => requestBytes({ method: 'GET', target: `${first}/${bytes}` })
const text = JSON.stringify({ from: 'Sidekey', to: '447700900000', text: 'x'.repeat(972) })
const post = requestBytes({
  method: 'POST',
  target: `${first}/200`,
  contentType: 'application/json',
  body: text,
})
const form = requestBytes({
  method: 'POST',
  target: `${FORM_PREFIX}/200`,
  contentType: 'application/x-www-form-urlencoded',
  body: `api_key=a1b2c3d4&api_secret=${PLACEHOLDER}&from=Sidekey&to=447700900000&text=${'x'.repeat(180)}`,
})

const plain = {
  tls: false,
  routes: 1,
  rate: 0,
  restSeconds: 0,
  refuseEvery: 0,
  rotating: false,
  connections: null,
  needs: null,
  against: null,
} as const

const NONE_REFUSED = { label: 'none refused', refuseEvery: 0 }

/** In the order of the report. */
export const SCENARIOS: readonly Scenario[] = [
  { ...plain, id: 'get-200', title: 'GET, 200 B', request: get(200) },
  { ...plain, id: 'get-200-tls', title: 'GET, 200 B, TLS upstream', request: get(200), tls: true },
  {
    ...plain,
    id: 'rate-1000',
    title: 'GET, 200 B, 1,000 requests/s',
    request: get(200),
    rate: 1000,
  },
  {
    ...plain,
    id: 'rate-1000-tls',
    title: 'GET, 200 B, 1,000 requests/s, TLS upstream',
    request: get(200),
    rate: 1000,
    tls: true,
  },
  {
    ...plain,
    id: 'rested',
    title: 'GET, 200 B, 1,000 requests/s, after two quiet minutes',
    request: get(200),
    rate: 1000,
    // V8 tidies up what was idle for a hundred seconds.
    restSeconds: 120,
  },
  { ...plain, id: 'get-64k', title: 'GET, 64 KiB', request: get(64 * 1024) },
  { ...plain, id: 'get-1m', title: 'GET, 1 MiB', request: get(1024 * 1024) },
  {
    ...plain,
    id: 'get-1m-tls',
    title: 'GET, 1 MiB, TLS upstream',
    request: get(1024 * 1024),
    tls: true,
  },
  { ...plain, id: 'post-1k', title: 'POST, 1 KiB, replayable', request: post },
  {
    ...plain,
    id: 'post-1k-tls',
    title: 'POST, 1 KiB, replayable, TLS upstream',
    request: post,
    tls: true,
  },
  {
    ...plain,
    id: 'form',
    title: 'POST, form with the secret in the body (peers: in a header, the form as it is)',
    request: form,
  },
  {
    ...plain,
    id: 'refused-1',
    title: 'GET, 200 B, 1 % refused and replayed',
    request: get(200),
    refuseEvery: 100,
    needs: 'replay',
    against: NONE_REFUSED,
  },
  {
    ...plain,
    id: 'refused-50',
    title: 'GET, 200 B, every second one refused and replayed, one connection',
    request: get(200),
    // Of a small share, the noise of all others is taken for what the refused ones cost: with a twelfth, twelve times.
    refuseEvery: 2,
    // Many connections make batches of events, which replays break up; that would count as their cost.
    connections: 1,
    needs: 'replay',
    against: NONE_REFUSED,
  },
  {
    ...plain,
    id: 'routes-1000',
    title: 'GET, 200 B, 1,000 routes and credentials',
    request: requestBytes({ method: 'GET', target: '/route-####/200' }),
    routes: 1000,
    needs: 'many-routes',
    against: { label: '1 route', routes: 1, request: get(200) },
  },
  {
    ...plain,
    id: 'rotating',
    title: 'GET, 200 B, an account rotates every five seconds',
    request: get(200),
    rotating: true,
    needs: 'rotation',
    against: { label: 'nothing rotates', rotating: false },
  },
]
