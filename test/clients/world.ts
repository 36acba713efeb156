import { generateKeyPairSync } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { authorityPaths } from '../../src/authority/authority-files.ts'
import { catalog } from '../../src/catalog.ts'
import { clientEnvironment } from '../../src/cli/client-environment.ts'
import { serve, type Serving } from '../../src/cli/serve.ts'
import { readConfigOnly } from '../../src/config/load-config.ts'
import {
  startVonageEmulator,
  type VonageEmulator,
} from '../../src/emulator/vonage/start-vonage-emulator.ts'
import { CryptoRandom } from '../../src/platform/crypto-random.ts'
import { SystemClock } from '../../src/platform/system-clock.ts'
import { startUpstream, type Upstream } from './upstream/start-upstream.ts'
import type { Ports } from './ways.ts'
import * as config from './world-config.ts'

const clock = new SystemClock()
const random = new CryptoRandom()

/** A home for Sidekeys and upstreams that come and go, fresh ones for each run of a client. */
export class World {
  readonly ports: Ports
  /** What `sidekey env` says. */
  variables: Readonly<Record<string, string>> = {}
  readonly #application = rsaPair()
  readonly #folder = mkdtempSync(join(tmpdir(), 'sidekey-clients-'))
  #emulator: VonageEmulator | null = null
  #upstream: Upstream | null = null
  readonly #servings: Serving[] = []

  constructor(ports: Ports) {
    this.ports = ports
    this.#write('key', '0123456789abcdef'.repeat(4))
    this.#write('current', config.CURRENT)
    this.#write('previous', config.PREVIOUS)
    this.#write('application.key', this.#application.privateKey)
    // The application has another key: what an app signs with this one is refused.
    this.#write('dummy.key', rsaPair().privateKey)
  }

  get files() {
    const { certificate } = authorityPaths(this.#path('store/ca'))
    return {
      certificate,
      socket: this.#path('proxy.sock'),
      dummyKey: this.#path('dummy.key'),
    }
  }

  /** Starts the upstreams and Sidekey; with `revoked` its current secret is not valid any more. */
  async start(revoked: boolean): Promise<void> {
    const secrets = [config.CURRENT, config.PREVIOUS]
    const accounts = [{ key: config.API_KEY, secrets }]
    const { publicKey } = this.#application
    const applications = [{ id: config.APPLICATION_ID, account: config.API_KEY, publicKey }]
    this.#emulator = await startVonageEmulator({ accounts, applications, clock, random })
    this.#emulator.control.watchFor(config.PLACEHOLDER)
    if (revoked) this.#emulator.control.revoke(config.API_KEY, 'oldest')
    this.#upstream = await startUpstream(revoked ? [config.PREVIOUS] : secrets)
    const upstreams = { vonage: this.#emulator.url, others: this.#upstream.url }
    this.#write('sidekey.yaml', config.everyWay(this.ports, upstreams))
    this.#write('socket.yaml', config.socketOnly(this.files.socket, upstreams))
    for (const name of ['sidekey.yaml', 'socket.yaml']) this.#servings.push(await this.#serve(name))
    const read = await readConfigOnly(this.#path('sidekey.yaml'), catalog)
    this.variables = clientEnvironment(read, authorityPaths(this.#path('store/ca')), {})
  }

  /** How many requests have carried the placeholder upstream. */
  get leaks(): number {
    const atVonage = this.#emulator?.control.state().counters.canaryHits ?? 0
    return atVonage + (this.#upstream?.leaks ?? 0)
  }

  /** How many requests were refused upstream for their credentials. */
  get refused(): number {
    const requests = this.#emulator?.control.requests() ?? []
    return requests.filter(({ refused }) => refused).length + (this.#upstream?.refused ?? 0)
  }

  async stop(): Promise<void> {
    await Promise.all(this.#servings.splice(0).map((serving) => serving.stop()))
    await Promise.all([this.#emulator?.close(), this.#upstream?.close()])
  }

  remove(): void {
    rmSync(this.#folder, { recursive: true, force: true })
  }

  #serve(name: string): Promise<Serving> {
    const options = { configFile: this.#path(name), format: 'json', level: 'error' } as const
    const io = { stdout: { write: () => {} }, env: {} }
    const crashPoint = (): void => {}
    return serve(options, io, { clock, random, version: 'test', crashPoint, quit: () => {} })
  }

  #path(name: string): string {
    return join(this.#folder, name)
  }

  #write(name: string, content: string): void {
    writeFileSync(this.#path(name), content, { mode: 0o600 })
  }
}

function rsaPair() {
  return generateKeyPairSync('rsa', {
    modulusLength: 2048,
    publicKeyEncoding: { type: 'spki', format: 'pem' },
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
  })
}
