import type { Hono } from 'hono'
import { createAdminApp } from '../../../src/admin/app.ts'
import type { AdminDeps, ReloadResult } from '../../../src/admin/admin-deps.ts'
import { SecretValue } from '../../../src/kernel/secret-value.ts'
import { FakeClock } from '../../fakes/clock.ts'
import { credentialStatus, FakeControl } from '../../fakes/fake-control.ts'
import { RecordingLog } from '../../fakes/log.ts'

export const TOKEN = 'admin-token-Xy12345678'

/** An admin port with everything that it hangs on, within reach of a test. */
export class AdminWorld {
  readonly control = new FakeControl(
    credentialStatus(),
    credentialStatus({
      id: 'partner',
      provider: 'static',
      phase: 'static',
      reason: null,
      versions: credentialStatus().versions.map((v) => ({ ...v, id: null, createdAtMs: null })),
    }),
  )
  readonly clock = new FakeClock()
  readonly log = new RecordingLog()
  token: SecretValue | null = new SecretValue(TOKEN)
  readiness = { ready: true, reasons: [] as string[] }
  live = true
  started = true
  reloadResult: ReloadResult = { ok: true }
  reloads = 0
  quits = 0
  readonly deps: AdminDeps
  readonly app: Hono

  constructor(change: Partial<AdminDeps> = {}) {
    this.deps = {
      control: this.control,
      token: () => this.token,
      readiness: () => this.readiness,
      live: () => this.live,
      started: () => this.started,
      metrics: async () => told('sidekey_build_info 1\n'),
      reload: async () => {
        this.reloads++
        return this.reloadResult
      },
      quit: () => void this.quits++,
      version: '1.2.3',
      clock: this.clock,
      log: this.log,
      ...change,
    }
    this.app = createAdminApp(this.deps)
  }

  /** Asks with the token and, where there is a body, as JSON. A header set to null is left out. */
  async ask(
    method: string,
    path: string,
    body?: unknown,
    headers: Readonly<Record<string, string | null>> = {},
  ): Promise<Response> {
    const sent: Record<string, string | null> = {
      host: '127.0.0.1:9901',
      authorization: `Bearer ${TOKEN}`,
      ...(body !== undefined && { 'content-type': 'application/json' }),
      ...headers,
    }
    const present = Object.entries(sent).filter(
      (pair): pair is [string, string] => pair[1] !== null,
    )
    const text = typeof body === 'string' ? body : JSON.stringify(body)
    return this.app.request(path, {
      method,
      headers: present,
      ...(body !== undefined && { body: text }),
    })
  }
}

/** Metrics, a line at a time. */
export async function* told(...lines: readonly string[]): AsyncGenerator<string> {
  yield* lines
}

export async function problemOf(
  response: Response,
): Promise<{ status: number; code: string; detail?: string; issues?: unknown }> {
  if (response.headers.get('content-type') !== 'application/problem+json') {
    throw new Error(`not a problem: ${response.status} ${await response.text()}`)
  }
  return (await response.json()) as { status: number; code: string; detail?: string }
}
