import { createServer, type Server } from 'node:http'
import { getRequestListener } from '@hono/node-server'
import type { Hono } from 'hono'
import {
  ADMIN_CLOSE_MS,
  ADMIN_CONNECTIONS_MAX,
  CLIENT_IDLE_TIMEOUT_MS,
  REQUEST_HEADER_MAX_BYTES,
  REQUEST_HEADERS_MAX,
  REQUEST_HEADERS_TIMEOUT_MS,
} from '../kernel/limits.ts'
import type { Clock } from '../kernel/ports/clock.ts'

export interface AdminServer {
  /** The port that was opened, also when 0 was asked for. */
  readonly port: number
  /** Stops listening, lets answers in flight finish for `ADMIN_CLOSE_MS`, then cuts what is left. */
  close(): Promise<void>
}

/** Opens the admin port. Rejects with Node's error, such as `EADDRINUSE`, when it can't listen there. */
export async function serveAdmin(options: {
  readonly app: Hono
  readonly host: string
  /** 0 lets the system choose one. */
  readonly port: number
  readonly clock: Clock
}): Promise<AdminServer> {
  const { app, host, port, clock } = options
  const server = createServer(
    {
      maxHeaderSize: REQUEST_HEADER_MAX_BYTES,
      headersTimeout: REQUEST_HEADERS_TIMEOUT_MS,
      requestTimeout: REQUEST_HEADERS_TIMEOUT_MS,
      keepAliveTimeout: CLIENT_IDLE_TIMEOUT_MS,
      requireHostHeader: true,
      insecureHTTPParser: false,
    },
    getRequestListener(app.fetch, { overrideGlobalObjects: false }),
  )
  server.maxConnections = ADMIN_CONNECTIONS_MAX
  server.maxHeadersCount = REQUEST_HEADERS_MAX
  await listen(server, host, port)
  const address = server.address()
  return {
    port: typeof address === 'object' && address !== null ? address.port : port,
    close: () => close(server, clock),
  }
}

function listen(server: Server, host: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen({ host, port }, () => {
      server.off('error', reject)
      resolve()
    })
  })
}

function close(server: Server, clock: Clock): Promise<void> {
  return new Promise((resolve) => {
    const stopTimer = clock.after(ADMIN_CLOSE_MS, () => server.closeAllConnections())
    server.close(() => {
      stopTimer()
      resolve()
    })
    server.closeIdleConnections()
  })
}
