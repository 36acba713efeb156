import { once } from 'node:events'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { Clock } from '../../kernel/ports/clock.ts'
import type { Log } from '../../kernel/ports/log.ts'
import type { Random } from '../../kernel/ports/random.ts'
import { EmulatorControl } from './control.ts'
import { CONTROL_PREFIX, serveControl } from './control-api.ts'
import { FaultDesk } from './fault-desk.ts'
import { Journal } from './journal.ts'
import { OperationTable } from './operation.ts'
import { OPERATIONS } from './operations.ts'
import { CALL_BODY_MAX_BYTES, serveCall } from './serve-call.ts'
import { type SeedAccount, type SeedApplication, type SeedSecondary, World } from './world.ts'

/** Longer than clients keep their connections, so that it is never the emulator that closes an idle one. */
const KEEP_ALIVE_MS = 120_000

export interface VonageEmulatorOptions {
  /** 0 to 65535; default 0, a free one. */
  readonly port?: number
  /** Address to listen on; default 127.0.0.1. */
  readonly host?: string
  readonly accounts: readonly SeedAccount[]
  readonly secondaries?: readonly SeedSecondary[]
  /** Those whose tokens are accepted; more come by the control API. */
  readonly applications?: readonly SeedApplication[]
  readonly clock: Clock
  readonly random: Random
  readonly log?: Log
}

export interface VonageEmulator {
  readonly port: number
  /** Base URL of every host of the provider, such as `http://127.0.0.1:41234`. */
  readonly url: string
  readonly control: EmulatorControl
  /** Ends every connection, the hanging ones too. */
  close(): Promise<void>
}

/**
 * Starts a local Vonage. One listener answers for all of its hosts, told apart by path, or by `Host` where the client
 * names a real one; its knobs are under `/__emulator/`.
 * @throws Error of `listen`, such as EADDRINUSE
 */
export async function startVonageEmulator(options: VonageEmulatorOptions): Promise<VonageEmulator> {
  const { accounts, secondaries = [], applications = [] } = options
  const { clock, random, log, host = '127.0.0.1' } = options
  const world = new World({ clock, random, journal: new Journal(), faults: new FaultDesk() })
  for (const account of accounts) world.seed(account, null)
  for (const account of secondaries) world.seed(account, account.primary)
  for (const application of applications) world.enrol(application)
  const control = new EmulatorControl(world)
  const table = new OperationTable(OPERATIONS)
  const server = createServer({ keepAliveTimeout: KEEP_ALIVE_MS }, (request, response) => {
    whenWhole(request, response, (body) => {
      if (request.url?.startsWith(CONTROL_PREFIX)) serveControl(control, request, response, body)
      else serveCall(world, table, request, response, body)
    })
  })
  const port = await listen(server, options.port ?? 0, host)
  log?.info('emulator listening', { port })
  return {
    port,
    url: `http://${host.includes(':') ? `[${host}]` : host}:${port}`,
    control,
    close: () => close(server),
  }
}

/** Calls back with the whole body; a larger one than any call has is answered 413. */
function whenWhole(
  request: IncomingMessage,
  response: ServerResponse,
  use: (body: Buffer) => void,
): void {
  const chunks: Buffer[] = []
  let bytes = 0
  request.on('data', (chunk: Buffer) => {
    bytes += chunk.length
    if (bytes <= CALL_BODY_MAX_BYTES) chunks.push(chunk)
  })
  request.on('end', () => {
    if (bytes > CALL_BODY_MAX_BYTES) response.writeHead(413).end()
    else use(chunks.length === 1 && chunks[0] ? chunks[0] : Buffer.concat(chunks))
  })
  // A client that goes away mid-request has asked for nothing.
  request.on('error', () => response.destroy())
}

async function listen(server: Server, port: number, host: string): Promise<number> {
  server.listen(port, host)
  await once(server, 'listening')
  const address = server.address()
  return typeof address === 'object' && address !== null ? address.port : port
}

async function close(server: Server): Promise<void> {
  const closed = once(server, 'close')
  server.close()
  server.closeAllConnections()
  await closed
}
