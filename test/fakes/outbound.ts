import type { OutboundRequest } from '../../src/proxy/attempt.ts'

/** The least request that goes upstream: a GET without a field. */
export const GET: OutboundRequest = {
  method: 'GET',
  target: '/',
  fields: [],
  body: null,
  bodyLength: null,
  expectContinue: false,
  upgrade: false,
  trailers: null,
  again: null,
}
