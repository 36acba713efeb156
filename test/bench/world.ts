import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Setting } from './contender.ts'
import { pinLoad, Process } from './processes.ts'
import { SECRETS } from './requests.ts'
import { CACHE } from './versions.ts'

const NATIVE = join(import.meta.dirname, 'native')

/** The load generator, once `openWorld` has built it. */
export const LOAD = join(CACHE, 'load')

/** What all contenders share: the upstream, its certificate, a folder. */
export interface World {
  /** A setting of its own for one contender. */
  setting(name: string, tls: boolean, routes: number): Promise<Setting>
  close(): Promise<void>
}

/** Builds the native programs, makes a CA, starts the upstream, and moves the load to its core. */
export async function openWorld(): Promise<World> {
  compile('upstream', ['-lssl', '-lcrypto'])
  compile('load', ['-lm'])
  const directory = mkdtempSync(join(tmpdir(), 'sidekey-bench-'))
  const { certificate, key, caFile } = makeCertificate(directory)
  pinLoad()
  const { current, previous } = SECRETS
  const command = [join(CACHE, 'upstream'), certificate, key, current, previous] as const
  const upstream = new Process({ command }, 'load')
  const ports = await firstLine(upstream)
  let settings = 0
  return {
    async setting(name, tls, routes) {
      const own = join(directory, `${++settings}-${name}`)
      mkdirSync(own)
      const port = tls ? ports.https : ports.http
      const origin = tls ? `https://localhost:${port}` : `http://127.0.0.1:${port}`
      return {
        port: await freePort(),
        adminPort: await freePort(),
        directory: own,
        upstream: { tls, port, origin, caFile },
        header: 'X-Api-Key',
        secrets: SECRETS,
        routes,
      }
    },
    async close() {
      await upstream.stop()
      rmSync(directory, { recursive: true, force: true })
    },
  }
}

function compile(name: string, libraries: readonly string[]): void {
  const source = join(NATIVE, `${name}.c`)
  execFileSync('cc', ['-O2', '-Wall', '-o', join(CACHE, name), source, ...libraries])
}

/** A CA and a certificate for `localhost`, P-256, as most public APIs have. */
function makeCertificate(directory: string) {
  const file = (name: string) => join(directory, name)
  const openssl = (...args: readonly string[]) => execFileSync('openssl', args, { stdio: 'pipe' })
  const fresh = [
    '-newkey',
    'ec',
    '-pkeyopt',
    'ec_paramgen_curve:prime256v1',
    '-nodes',
    '-days',
    '30',
  ]
  const ca = ['-keyout', file('ca.key'), '-out', file('ca.pem'), '-subj', '/CN=bench CA']
  openssl('req', '-x509', ...fresh, ...ca)
  const leaf = ['-keyout', file('leaf.key'), '-out', file('leaf.pem'), '-subj', '/CN=localhost']
  const names = ['-addext', 'subjectAltName=DNS:localhost,IP:127.0.0.1']
  const signed = [
    '-CA',
    file('ca.pem'),
    '-CAkey',
    file('ca.key'),
    '-addext',
    'basicConstraints=CA:FALSE',
  ]
  openssl('req', '-x509', ...fresh, ...leaf, ...names, ...signed)
  return { certificate: file('leaf.pem'), key: file('leaf.key'), caFile: file('ca.pem') }
}

async function firstLine(upstream: Process): Promise<{ http: number; https: number }> {
  while (!upstream.output.includes('\n')) {
    if (upstream.ended) throw new Error(`the upstream does not start: ${upstream.output}`)
    await sleep(5)
  }
  return JSON.parse(upstream.output) as { http: number; https: number }
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer()
    server.on('error', reject)
    server.listen(0, '127.0.0.1', () => {
      const address = server.address()
      server.close(() =>
        resolve(typeof address === 'object' && address !== null ? address.port : 0),
      )
    })
  })
}
