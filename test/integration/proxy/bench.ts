import { request as httpRequest, type IncomingHttpHeaders } from 'node:http'
import { connect } from 'node:net'
import type { UsesByVersion } from '../../../src/kernel/ports/usage.ts'
import type { Endpoint, Route } from '../../../src/kernel/route.ts'
import {
  DataPlane,
  type DataPlaneConfig,
  type DataPlaneDeps,
} from '../../../src/proxy/data-plane.ts'
import { FakeClock } from '../../fakes/clock.ts'
import { RecordingLog } from '../../fakes/log.ts'
import { RecordingTelemetry } from '../../fakes/proxy-telemetry.ts'
import { type Answer, FakeUpstream } from '../../fakes/upstream.ts'
import { FakeVersionSource, liveVersion } from '../../fakes/version-source.ts'

export const S1 = 'S1-canary-Aa0Bb1Cc2Dd3'
export const S2 = 'S2-canary-Ee4Ff5Gg6Hh7'

/** A running proxy in front of a running upstream, both on free ports. */
export class Bench {
  readonly clock = new FakeClock()
  readonly log = new RecordingLog()
  readonly telemetry = new RecordingTelemetry()
  readonly looks: string[] = []
  /** Where the plane says that it keeps the uses of its credential. */
  lastUses: UsesByVersion | null = null
  readonly upstream = new FakeUpstream()
  readonly source: FakeVersionSource
  readonly plane: DataPlane
  readonly config: DataPlaneConfig
  port = 0

  private constructor(
    config: DataPlaneConfig,
    source: FakeVersionSource,
    upstream: FakeUpstream,
    deps: Partial<DataPlaneDeps>,
  ) {
    this.config = config
    this.source = source
    this.upstream = upstream
    this.plane = new DataPlane(
      {
        clock: this.clock,
        log: this.log,
        telemetry: this.telemetry,
        uses: { follow: (_id, lastUses) => (this.lastUses = lastUses) },
        earlyLook: { look: (id) => this.looks.push(id) },
        instance: 'replica-1',
        ...deps,
      },
      config,
    )
  }

  static async start(options: {
    readonly endpoint?: Partial<Endpoint>
    readonly route?: Partial<Route>
    readonly versions?: FakeVersionSource
    readonly config?: Partial<DataPlaneConfig>
    readonly answer?: Answer
    readonly origin?: string
    readonly deps?: Partial<DataPlaneDeps>
  }): Promise<Bench> {
    const upstream = new FakeUpstream(options.answer)
    const origin = options.origin ?? (await upstream.start())
    const source =
      options.versions ??
      new FakeVersionSource('partner', [liveVersion(2, S1), liveVersion(1, S2, 'previous')])
    const endpoint: Endpoint = {
      paths: ['/**'],
      inject: [{ kind: 'header', name: 'X-Api-Key', format: '{secret}' }],
      authFailure: [{ status: 401 }],
      ...options.endpoint,
    }
    const route: Route = {
      name: 'partner',
      pathPrefix: '/partner',
      hosts: ['api.partner.example'],
      upstream: { origin, insecure: false },
      credentialIds: ['partner'],
      allow: null,
      endpoints: [endpoint],
      ...options.route,
    }
    const config: DataPlaneConfig = {
      listen: '127.0.0.1:0',
      routes: [route],
      sources: new Map([['partner', source]]),
      replayBodyMaxBytes: 1024 * 1024,
      ...options.config,
    }
    const bench = new Bench(config, source, upstream, options.deps ?? {})
    const bound = await bench.plane.start()
    bench.port = bound.port ?? 0
    return bench
  }

  async stop(): Promise<void> {
    await this.plane.stop(0)
    await this.upstream.stop()
  }

  /** One request over a connection of its own; `path` goes out as it is. */
  send(options: SendOptions): Promise<Received> {
    return new Promise((resolve, reject) => {
      const request = httpRequest({
        host: '127.0.0.1',
        port: this.port,
        method: options.method ?? 'GET',
        path: options.path ?? '/partner/v1/things',
        headers: options.headers ?? {},
        agent: false,
      })
      request.on('error', reject)
      request.on('response', (response) => {
        const chunks: Buffer[] = []
        response.on('data', (chunk: Buffer) => chunks.push(chunk))
        response.on('error', reject)
        response.on('end', () =>
          resolve({
            status: response.statusCode ?? 0,
            reason: response.statusMessage ?? '',
            headers: response.headers,
            rawHeaders: response.rawHeaders,
            body: Buffer.concat(chunks),
          }),
        )
      })
      request.end(options.body)
    })
  }

  /** Raw bytes over one connection; everything that comes back until it is closed by the proxy, or quiet for long. */
  raw(bytes: string | Buffer, until?: RegExp): Promise<string> {
    return new Promise((resolve, reject) => {
      const socket = connect(this.port, '127.0.0.1', () => socket.write(bytes))
      let text = ''
      socket.on('data', (chunk) => {
        text += chunk.toString('latin1')
        if (until?.test(text)) socket.destroy()
      })
      socket.on('close', () => resolve(text))
      socket.on('error', (error) => (text === '' ? reject(error) : resolve(text)))
    })
  }
}

export interface SendOptions {
  readonly method?: string
  readonly path?: string
  readonly headers?: Readonly<Record<string, string | string[]>>
  readonly body?: string | Buffer
}

export interface Received {
  readonly status: number
  readonly reason: string
  readonly headers: IncomingHttpHeaders
  readonly rawHeaders: readonly string[]
  readonly body: Buffer
}
