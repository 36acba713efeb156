import { generateKeyPairSync } from 'node:crypto'
import { Vonage } from '@vonage/server-sdk'
import { Agent, request } from 'undici'
import { afterEach, expect } from 'vitest'
import {
  startVonageEmulator,
  type VonageEmulator,
} from '../../../src/emulator/vonage/start-vonage-emulator.ts'
import { DataPlane } from '../../../src/proxy/data-plane.ts'
import { vonagePreset } from '../../../src/providers/vonage/preset.ts'
import { createSigner } from '../../../src/signers/create-signer.ts'
import { signParameters } from '../../../src/signers/parameters/sign-parameters.ts'
import { createLog } from '../../../src/telemetry/log.ts'
import { textOf } from '../../fakes/metrics-text.ts'
import { createMetrics, type Metrics } from '../../../src/telemetry/metrics.ts'
import { LiveSecrets } from '../../../src/telemetry/scrub-secrets.ts'
import { FakeClock } from '../../fakes/clock.ts'
import { SeededRandom } from '../../fakes/random.ts'
import { FakeVersionSource, liveVersion } from '../../fakes/version-source.ts'
import { canaryForms } from '../../unit/telemetry/canary.ts'
import { type WireRequest, WireTap } from './wire-tap.ts'

export const KEY = 'a1b2c3d4'
export const CURRENT = 'Current1Canary-Aa0Bb1Cc2'
export const STANDBY = 'Standby1Canary-Dd3Ee4Ff5'
export const PLACEHOLDER = 'placeholder-Gg6Hh7Ii8'

/** A client does not start without one. What it signs must never arrive. */
const { privateKey } = generateKeyPairSync('rsa', {
  modulusLength: 2048,
  publicKeyEncoding: { type: 'spki', format: 'pem' },
  privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
})

const running: SdkWorld[] = []

afterEach(async () => {
  await Promise.all(running.splice(0).map((world) => world.stop()))
})

interface Parts {
  readonly emulator: VonageEmulator
  readonly api: WireTap
  readonly rest: WireTap
  readonly front: WireTap
  readonly plane: DataPlane
  readonly metrics: Metrics
  readonly lines: readonly string[]
}

/**
 * A client with a placeholder, Sidekey's data plane with the preset, the emulator, and a tap on every wire: in front of
 * Sidekey, and before each host. The log has no scrubber, so that what it would hide is found.
 */
export class SdkWorld {
  readonly emulator: VonageEmulator
  readonly vonage: Vonage
  /** The same client with an application and a key of its own making: it signs tokens where it can. */
  readonly signing: Vonage
  readonly #parts: Parts
  readonly #agent = new Agent()
  /** What was sent upstream before the last `forget`. */
  #forgotten = { requests: 0, wire: 0 }

  private constructor(parts: Parts) {
    this.#parts = parts
    this.emulator = parts.emulator
    const host = (alias: string) => `${parts.front.origin}/vonage/${alias}`
    const hosts = { apiHost: host('api'), restHost: host('rest') }
    const pair = { apiKey: KEY, apiSecret: PLACEHOLDER }
    this.vonage = new Vonage(pair, hosts)
    this.signing = new Vonage({ ...pair, applicationId: PLACEHOLDER, privateKey }, hosts)
  }

  /** `upstream` stands for both hosts of the provider instead of the emulator. */
  static async start(upstream?: string): Promise<SdkWorld> {
    const clock = new FakeClock()
    const emulator = await startVonageEmulator({
      accounts: [{ key: KEY, secrets: [CURRENT, STANDBY] }],
      clock,
      random: new SeededRandom(1),
    })
    emulator.control.watchFor(PLACEHOLDER)
    // Two origins, as there are in the world: each path must be found at the host where the client sends it.
    const api = await new WireTap(upstream ?? emulator.url).start()
    const rest = await new WireTap(upstream ?? emulator.url).start()
    const lines: string[] = []
    const destination = { write: (line: string) => lines.push(line) }
    const log = createLog({
      level: 'debug',
      format: 'json',
      destination,
      scrub: new LiveSecrets(),
      clock,
    })
    const metrics = createMetrics({ clock, version: '0' })
    const options = { apiKey: KEY, baseUrls: { api: api.origin, rest: rest.origin } }
    const source = new FakeVersionSource(
      'vonage',
      [liveVersion(1, CURRENT), liveVersion(2, STANDBY, 'pending')],
      { apiKey: KEY },
    )
    const plane = new DataPlane(
      {
        clock,
        log,
        telemetry: metrics.proxy,
        uses: { follow: () => {} },
        earlyLook: { look: () => {} },
        instance: 'replica-1',
        signer: (spec) => createSigner(spec, new SeededRandom(2)),
        signParameters,
      },
      {
        listen: '127.0.0.1:0',
        routes: vonagePreset.routes({
          name: 'vonage',
          credentialIds: ['vonage'],
          options,
          allow: null,
        }),
        sources: new Map([['vonage', source]]),
        replayBodyMaxBytes: 1024 * 1024,
      },
    )
    const { port } = await plane.start()
    const front = await new WireTap(`http://127.0.0.1:${port}`).start()
    const world = new SdkWorld({ emulator, api, rest, front, plane, metrics, lines })
    running.push(world)
    return world
  }

  /** As somebody in the provider's dashboard would. */
  revokeCurrent(): void {
    this.emulator.control.revoke(KEY, this.idOf(CURRENT))
  }

  idOf(secret: typeof CURRENT | typeof STANDBY): string {
    const index = secret === CURRENT ? 0 : 1
    return this.emulator.control.state().accounts[0]?.secrets[index]?.id ?? ''
  }

  /** Sends bytes as they are, as clients do that are no SDK of today. */
  async send(
    path: string,
    options: {
      readonly method: string
      readonly headers?: Record<string, string>
      readonly body?: string
    },
  ): Promise<{ readonly status: number; readonly text: string; readonly error: unknown }> {
    const { method, headers = {}, body = null } = options
    const answer = await request(`${this.#parts.front.origin}/vonage/${path}`, {
      dispatcher: this.#agent,
      method,
      headers,
      body,
    })
    const error = answer.headers['sidekey-error']
    return { status: answer.statusCode, text: await answer.body.text(), error }
  }

  /** Leaves out what was sent so far. */
  forget(): void {
    this.#forgotten = {
      requests: this.emulator.control.requests().length,
      wire: this.#wire.length,
    }
  }

  /** What the emulator has understood of the calls since `forget`. */
  get calls() {
    return this.emulator.control.requests().slice(this.#forgotten.requests)
  }

  /** The same calls, as they stood on the wire; each host's in its own order. */
  get wire(): readonly WireRequest[] {
    return this.#wire.slice(this.#forgotten.wire)
  }

  get #wire(): readonly WireRequest[] {
    return [...this.#parts.api.requests, ...this.#parts.rest.requests]
  }

  async metric(name: string): Promise<readonly string[]> {
    const text = await textOf(this.#parts.metrics.pieces())
    return text.split('\n').filter((line) => line.startsWith(name) && !line.endsWith(' 0'))
  }

  /** The placeholder never went out, and a secret went nowhere else. */
  async expectNoLeak(): Promise<void> {
    const { api, rest, front, metrics, lines } = this.#parts
    expect(this.emulator.control.state().counters.canaryHits).toBe(0)
    expect(found(PLACEHOLDER, api.sent + rest.sent)).toEqual([])
    const places = {
      log: lines.join(''),
      answers: front.received,
      metrics: await textOf(metrics.pieces()),
    }
    for (const [place, text] of Object.entries(places)) {
      for (const secret of [CURRENT, STANDBY]) expect(found(secret, text), place).toEqual([])
    }
  }

  async stop(): Promise<void> {
    const { api, rest, front, plane, emulator } = this.#parts
    await this.#agent.destroy()
    await front.stop()
    await plane.stop(0)
    await Promise.all([api.stop(), rest.stop(), emulator.close()])
  }
}

/** Names of the forms of `secret` that stand in `text`. */
function found(secret: string, text: string): readonly string[] {
  return Object.entries(canaryForms(secret)).flatMap(([name, form]) =>
    text.includes(form) ? [name] : [],
  )
}
