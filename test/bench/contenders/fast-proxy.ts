import type { Contender } from '../contender.ts'
import { describePeer, launchPeer } from '../peer-environment.ts'

/** On undici, where it is faster. */
export const contender: Contender = {
  name: 'fast-proxy',
  describe: () => describePeer('fast-proxy'),
  abilities: [],
  launch: (setting) => launchPeer('fast-proxy.mjs', setting),
}
