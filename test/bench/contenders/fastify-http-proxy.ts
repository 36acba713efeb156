import type { Contender } from '../contender.ts'
import { describePeer, launchPeer } from '../peer-environment.ts'

/** Fastify and undici. */
export const contender: Contender = {
  name: 'fastify-http-proxy',
  describe: () => describePeer('@fastify/http-proxy'),
  abilities: [],
  launch: (setting) => launchPeer('fastify-http-proxy.mjs', setting),
}
