import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
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

/** Where the runner installs what is not in the repository. */
export const TOOLS = resolve(import.meta.dirname, '../../.tools/clients')

const KEY = 'a1b2c3d4'
const CURRENT = 'Current1Secret-Aa0Bb1Cc2'
const PREVIOUS = 'Previous1Secret-Dd3Ee4Ff5'
export const PLACEHOLDER = 'placeholder-Gg6Hh7Ii8'

const clock = new SystemClock()
const random = new CryptoRandom()

interface Ports {
  readonly proxy: number
  readonly admin: number
  readonly tls: number
  readonly rest: number
  readonly api: number
}

/** A home for Sidekeys and emulators that come and go, one pair for each run of a client. */
export class World {
  readonly ports: Ports
  /** Variables of a client that is told of the proxy. */
  variables: Readonly<Record<string, string>> = {}
  readonly #folder = mkdtempSync(join(tmpdir(), 'sidekey-clients-'))
  #emulator: VonageEmulator | null = null
  #socketServing: Serving | null = null
  #serving: Serving | null = null

  private constructor(ports: Ports) {
    this.ports = ports
    mkdirSync(TOOLS, { recursive: true })
    this.#write('key', '0123456789abcdef'.repeat(4))
    this.#write('current', CURRENT)
    this.#write('previous', PREVIOUS)
  }

  static async create(): Promise<World> {
    const [proxy = 0, admin = 0, tls = 0, rest = 0, api = 0] = await freePorts(5)
    return new World({ proxy, admin, tls, rest, api })
  }

  get files() {
    const { certificate } = authorityPaths(this.#path('store/ca'))
    return { certificate, socket: this.#path('proxy.sock') }
  }

  /** Starts an emulator and a Sidekey; with `revoked` its current secret is not valid any more. */
  async start(revoked: boolean): Promise<void> {
    const accounts = [{ key: KEY, secrets: [CURRENT, PREVIOUS] }]
    this.#emulator = await startVonageEmulator({ accounts, clock, random })
    this.#emulator.control.watchFor(PLACEHOLDER)
    if (revoked) this.#emulator.control.revoke(KEY, 'oldest')
    const { proxy, admin, tls, rest, api } = this.ports
    const further = `  forward: true
  connect: { intercept: true }
  tls: { listen: 127.0.0.1:${tls} }`
    const listeners = `listen: { rest: 127.0.0.1:${rest}, api: 127.0.0.1:${api} }`
    this.#configure('sidekey.yaml', `127.0.0.1:${proxy}`, admin, further, listeners)
    this.#configure('socket.yaml', `unix:${this.files.socket}`, 0, '', '')
    this.#serving = await this.#serve('sidekey.yaml')
    this.#socketServing = await this.#serve('socket.yaml')
    const config = await readConfigOnly(this.#path('sidekey.yaml'), catalog)
    this.variables = clientEnvironment(config, authorityPaths(this.#path('store/ca')), {})
  }

  /** How many requests have carried the placeholder to the provider. */
  get leaks(): number {
    return this.#emulator?.control.state().counters.canaryHits ?? 0
  }

  async stop(): Promise<void> {
    await Promise.all([this.#serving?.stop(), this.#socketServing?.stop()])
    await this.#emulator?.close()
  }

  remove(): void {
    rmSync(this.#folder, { recursive: true, force: true })
  }

  #configure(name: string, listen: string, admin: number, further: string, own: string): void {
    const url = this.#emulator?.url
    const store = `store: { directory: store, keyFile: key }`
    this.#write(
      name,
      `proxy:
  listen: '${listen}'
${further}
admin: { listen: 127.0.0.1:${admin} }
${further === '' ? '' : store}
credentials:
  vonage:
    provider: vonage
    apiKey: ${KEY}
    current: { file: current }
    previous: { file: previous }
    rotation: off
    baseUrls: { api: ${url}, rest: ${url} }
routes:
  - preset: vonage
    credential: vonage
    ${own}
`,
    )
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

/** Free when they were looked for: all are held until the last is found. */
async function freePorts(count: number): Promise<readonly number[]> {
  const servers = Array.from({ length: count }, () => createServer())
  const ports: number[] = []
  for (const server of servers) {
    await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
    ports.push((server.address() as AddressInfo).port)
  }
  await Promise.all(servers.map((server) => new Promise((done) => server.close(done))))
  return ports
}
