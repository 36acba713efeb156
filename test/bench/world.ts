import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { freePort } from '../free-ports.ts'
import type { Setting } from './contender.ts'
import { pinLoad, Process } from './processes.ts'
import { SECRETS } from './requests.ts'
import type { Scenario } from './scenarios.ts'
import { CACHE, ROOT } from './versions.ts'

const NATIVE = join(import.meta.dirname, 'native')

/** The load generator, once `openWorld` has built it. */
export const LOAD = join(CACHE, 'load')

/** What all contenders share: the upstream, its certificate, a folder. */
export interface World {
  /** A setting of its own for one contender. */
  setting(name: string, load: Pick<Scenario, 'tls' | 'routes' | 'rotating'>): Promise<Setting>
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
  const ports = await firstLine<{ http: number; https: number }>(upstream)
  const emulators: Emulator[] = []
  let settings = 0
  return {
    async setting(name, { tls, routes, rotating }) {
      // An account of its own each time: who starts anew has none but its first secret, which must still be there.
      const emulator = rotating ? await startEmulator() : null
      if (emulator !== null) emulators.push(emulator)
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
        rotateAt: emulator?.port ?? null,
      }
    },
    async close() {
      await Promise.all(emulators.map(({ process: each }) => each.stop()))
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

interface Emulator {
  readonly process: Process
  readonly port: number
}

/** The account that rotates, and its secret before the first rotation. */
export const ROTATING = { apiKey: 'a1b2c3d4', secret: 'Bench0Secret' } as const

async function startEmulator(): Promise<Emulator> {
  const account = `${ROTATING.apiKey}=${ROTATING.secret}`
  const command = [process.execPath, join(ROOT, 'src/main.ts'), 'emulator', 'vonage'] as const
  const emulator = new Process({ command: [...command, '--account', account] }, 'load')
  const { listening } = await firstLine<{ listening: number }>(emulator)
  return { process: emulator, port: listening }
}

async function firstLine<T>(program: Process): Promise<T> {
  while (!program.output.includes('\n')) {
    if (program.ended) throw new Error(`it does not start: ${program.output}`)
    await sleep(5)
  }
  return JSON.parse(program.output.slice(0, program.output.indexOf('\n'))) as T
}
