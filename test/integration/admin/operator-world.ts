import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type AdminServer, serveAdmin } from '../../../src/admin/serve-admin.ts'
import type { OperatorIo } from '../../../src/cli/operator-io.ts'
import { SystemClock } from '../../../src/platform/system-clock.ts'
import { AdminWorld, TOKEN } from '../../unit/admin/admin-world.ts'

/** An admin port on a real socket, and a terminal beside it. */
export class OperatorWorld implements AsyncDisposable {
  readonly admin: AdminWorld
  readonly server: AdminServer
  readonly directory: string
  readonly out: string[] = []
  readonly err: string[] = []

  private constructor(admin: AdminWorld, server: AdminServer, directory: string) {
    this.admin = admin
    this.server = server
    this.directory = directory
  }

  static async start(admin = new AdminWorld()): Promise<OperatorWorld> {
    const deps = { ...admin.deps, clock: new SystemClock() }
    const server = await serveAdmin({ deps, host: '127.0.0.1', port: 0 })
    const directory = await mkdtemp(join(tmpdir(), 'sidekey-operator-'))
    const world = new OperatorWorld(admin, server, directory)
    await world.write('token', `${TOKEN}\n`)
    return world
  }

  get url(): string {
    return `http://127.0.0.1:${this.server.port}`
  }

  /** Writes a file and gives its path. */
  async write(name: string, text: string): Promise<string> {
    const path = join(this.directory, name)
    await writeFile(path, text)
    return path
  }

  /** A terminal whose environment names this admin port and its token. */
  io(change: Partial<OperatorIo> = {}): OperatorIo {
    return {
      out: (line) => this.out.push(line),
      err: (line) => this.err.push(line),
      env: { SIDEKEY_ADMIN: this.url, SIDEKEY_TOKEN_FILE: join(this.directory, 'token') },
      colours: false,
      stdin: stdin(''),
      clock: this.admin.clock,
      ...change,
    }
  }

  /** All that was printed so far. */
  get printed(): string {
    return [...this.out, ...this.err].join('\n')
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.server.close()
    await rm(this.directory, { recursive: true })
  }
}

export async function* stdin(text: string): AsyncGenerator<Uint8Array> {
  const bytes = Buffer.from(text)
  yield bytes.subarray(0, 3)
  yield bytes.subarray(3)
}
