import { unlink } from 'node:fs/promises'
import * as http from 'node:http'
import { connect, Server as NetServer, Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import type { Clock, Stop } from '../kernel/ports/clock.ts'
import {
  CLIENT_CONNECTIONS_MAX,
  CLIENT_DRAIN_IDLE_MS,
  CLIENT_IDLE_TIMEOUT_MS,
  PIPELINED_MAX,
  REQUEST_HEADER_MAX_BYTES,
  REQUEST_HEADERS_TIMEOUT_MS,
} from '../kernel/limits.ts'
import { wantsWebSocket } from './web-sockets.ts'
import { codeOf, rawRefusal, type Refusal, rescue, rescueBody } from './rescue.ts'

/** Where to listen: `host:port`, `[::1]:port` or `unix:/path`. */
export type ListenAddress =
  | { readonly kind: 'tcp'; readonly host: string; readonly port: number }
  | { readonly kind: 'unix'; readonly path: string }

export function parseListenAddress(listen: string): ListenAddress {
  if (listen.startsWith('unix:')) return { kind: 'unix', path: listen.slice('unix:'.length) }
  const colon = listen.lastIndexOf(':')
  const host = listen.slice(0, colon).replace(/^\[|\]$/g, '')
  return { kind: 'tcp', host, port: Number(listen.slice(colon + 1)) }
}

const LIMITS: http.ServerOptions = {
  insecureHTTPParser: false,
  maxHeaderSize: REQUEST_HEADER_MAX_BYTES,
  headersTimeout: REQUEST_HEADERS_TIMEOUT_MS,
  // A large upload may take its time; slow heads and idle connections may not.
  requestTimeout: 0,
  keepAliveTimeout: CLIENT_IDLE_TIMEOUT_MS,
  connectionsCheckingInterval: 1_000,
  // The head is vetted in one place, and the answer says why.
  requireHostHeader: false,
  noDelay: true,
  // A request without a body has no stream of it that would have to be started, drained and ended.
  optimizeEmptyRequests: true,
  // Any other protocol is an offer, and the request is one like any other.
  shouldUpgradeCallback: wantsWebSocket,
}

export interface ListenerCalls {
  readonly handle: (request: http.IncomingMessage, response: http.ServerResponse) => void
  /** Answers a CONNECT; `head` are the bytes that came behind it. */
  readonly connect: TakesSocket
  /** Answers the handshake of a WebSocket. */
  readonly upgrade: TakesSocket
}

type TakesSocket = (request: http.IncomingMessage, socket: Socket, head: Buffer) => void

/** An HTTP/1.1 server with Sidekey's limits. llhttp stays strict. */
export function createListener({ handle, connect, upgrade }: ListenerCalls): http.Server {
  const inTurn = oneByOne(handle)
  const server = http.createServer(LIMITS, inTurn)
  // Fields beyond the count would be dropped without a word; the size limit bounds them.
  server.maxHeadersCount = 0
  server.maxConnections = CLIENT_CONNECTIONS_MAX
  const answering = new WeakMap<Duplex, http.ServerResponse>()
  const arrived = (request: http.IncomingMessage, response: http.ServerResponse): void => {
    answering.set(request.socket, response)
    // Not before: whoever is told to leave while others are let in comes back on a connection that may be reset.
    if (!server.listening) response.shouldKeepAlive = false
  }
  server.prependListener('request', arrived)
  // A body that may not be wanted is not asked for yet: see `hold-body.ts`.
  server.on('checkContinue', arrived).on('checkContinue', inTurn)
  server.on('clientError', (error: Error, socket: Duplex) => {
    refuseBytes(socket, answering.get(socket), error)
  })
  const taking =
    (takes: TakesSocket) =>
    (request: http.IncomingMessage, socket: Duplex, head: Buffer): void => {
      if (socket instanceof Socket) takes(request, socket, head)
      else socket.destroy()
    }
  server.on('connect', taking(connect))
  server.on('upgrade', taking(upgrade))
  return server
}

/**
 * A request that came before the answer to the one before it waits for its turn: what it asked for would wait in memory,
 * for a client that may never take it.
 */
function oneByOne(handle: ListenerCalls['handle']): ListenerCalls['handle'] {
  const waiting = new WeakMap<Socket, number>()
  return (request, response) => {
    // Node gives an answer its connection when its turn has come.
    if (response.socket !== null) return handle(request, response)
    const before = waiting.get(request.socket) ?? 0
    if (before >= PIPELINED_MAX) return void request.socket.destroy()
    waiting.set(request.socket, before + 1)
    response.once('socket', (socket: Socket) => {
      waiting.set(socket, (waiting.get(socket) ?? 1) - 1)
      socket.setTimeout(0)
      handle(request, response)
    })
  }
}

/**
 * Bytes came that are no HTTP. In the body of a request that has no answer yet, the refusal is its answer; behind a
 * whole request, that one is answered first.
 */
function refuseBytes(
  socket: Duplex,
  answering: http.ServerResponse | undefined,
  error: Error,
): void {
  const answer = (refused: Refusal): void => answerAndClose(socket, rawRefusal(refused))
  if (answering === undefined || answering.writableFinished) answer(rescue(error))
  else if (answering.req.complete) answering.once('finish', () => answer(rescue(error)))
  else if (answering.headersSent) socket.destroy()
  else answer(rescueBody(error))
}

function answerAndClose(socket: Duplex, bytes: string): void {
  if (socket.writable) socket.end(bytes, () => socket.destroy())
  else socket.destroy()
}

/** Binds, and resolves when connections are accepted. A unix socket is born 0600. */
export async function listen(server: NetServer, address: ListenAddress): Promise<void> {
  if (address.kind === 'tcp') return bind(server, () => server.listen(address.port, address.host))
  const bindPath = (): Promise<void> =>
    bind(server, () => {
      // The socket is made inside `listen`, so the mask leaves no window in which others may connect.
      const before = process.umask(0o177)
      try {
        server.listen(address.path)
      } finally {
        process.umask(before)
      }
    })
  try {
    await bindPath()
  } catch (error) {
    if (codeOf(error) !== 'EADDRINUSE' || !(await isAbandoned(address.path))) throw error
    await unlink(address.path)
    await bindPath()
  }
}

function bind(server: NetServer, start: () => void): Promise<void> {
  return new Promise((resolve, reject) => {
    const listening = (): void => {
      server.off('error', failed)
      resolve()
    }
    const failed = (error: Error): void => {
      server.off('listening', listening)
      reject(error)
    }
    server.once('error', failed)
    server.once('listening', listening)
    start()
  })
}

/** A socket that a killed process left behind: it is there, and nobody answers. */
function isAbandoned(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(path, () => {
      socket.destroy()
      resolve(false)
    })
    socket.once('error', (error) => resolve(codeOf(error) === 'ECONNREFUSED'))
  })
}

/**
 * Waits for answers that are on their way, and stops accepting connections. A kept connection is closed with its next
 * answer, so that no request on it is lost; only one that stays idle is closed by itself. After `drainMs` all are cut.
 * The connections of a server that is not HTTP's are served, and ended, by others.
 */
export async function close(server: NetServer, drainMs: number, clock: Clock): Promise<void> {
  if (!server.listening) return
  const { promise: closed, resolve } = Promise.withResolvers<void>()
  const serving = server instanceof http.Server ? server : null
  const cut = (): void => {
    if (serving === null) resolve()
    else serving.closeAllConnections()
  }
  let stopNext: Stop = () => {}
  const sweepLater = (): void => {
    stopNext = clock.after(CLIENT_DRAIN_IDLE_MS, () => {
      serving?.closeIdleConnections()
      sweepLater()
    })
  }
  const stopAccepting = (): void => {
    // Not `http.Server.close`, which would close idle connections at once, while requests may be on their way.
    NetServer.prototype.close.call(server, () => resolve())
    // A connection without a request counts as busy until its head times out.
    if (serving !== null) serving.headersTimeout = CLIENT_DRAIN_IDLE_MS
    if (drainMs <= 0) cut()
    sweepLater()
  }
  // What the system has accepted and Node has not taken yet would be reset, with the requests that were sent on it.
  if (drainMs > CLIENT_DRAIN_IDLE_MS) stopNext = clock.after(CLIENT_DRAIN_IDLE_MS, stopAccepting)
  else stopAccepting()
  const stopTimer = clock.after(drainMs, cut)
  await closed
  stopNext()
  stopTimer()
}
