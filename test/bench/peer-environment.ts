import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Launch, Setting } from './contender.ts'

/** Folder of the peers that come from npm, with a lock file of its own. */
export const PEERS = join(import.meta.dirname, 'peers')

/** What the small servers in `peers/` read. */
export function peerEnvironment({ port, upstream, header, secrets }: Setting) {
  return {
    PORT: String(port),
    UPSTREAM: upstream.origin,
    HEADER: header.toLowerCase(),
    SECRET: secrets.current,
    SSL_CERT_FILE: upstream.caFile,
    NODE_EXTRA_CA_CERTS: upstream.caFile,
    NODE_ENV: 'production',
  }
}

/** Starts a server of `peers/` on the Node that runs this. */
export function launchPeer(script: string, setting: Setting): Launch {
  return { command: [process.execPath, join(PEERS, script)], env: peerEnvironment(setting) }
}

/** Name and version of a package of `peers/`; null while it is not installed. */
export function describePeer(name: string): string | null {
  try {
    const text = readFileSync(join(PEERS, 'node_modules', name, 'package.json'), 'utf8')
    const { version } = JSON.parse(text) as { readonly version: string }
    return `${name} ${version}`
  } catch {
    return null
  }
}
