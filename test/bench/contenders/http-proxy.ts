import type { Contender } from '../contender.ts'
import { describePeer, launchPeer } from '../peer-environment.ts'

/** On node:http with a keep-alive agent. */
export const contender: Contender = {
  name: 'http-proxy',
  describe: () => describePeer('http-proxy'),
  abilities: [],
  launch: (setting) => launchPeer('http-proxy.mjs', setting),
}
