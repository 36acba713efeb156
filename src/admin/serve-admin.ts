import { pipeline } from 'node:stream/promises'
import type { IncomingMessage, RequestListener, Server, ServerResponse } from 'node:http'
import {
  ADMIN_CLOSE_MS,
  ADMIN_CONNECTIONS_MAX,
  CLIENT_IDLE_TIMEOUT_MS,
  REQUEST_HEADER_MAX_BYTES,
  REQUEST_HEADERS_MAX,
  REQUEST_HEADERS_TIMEOUT_MS,
} from '../kernel/limits.ts'
import type { AdminDeps } from './admin-deps.ts'
import { ANSWER_FIELDS, answerHealth, HEALTH_PATHS, type HealthPath } from './health.ts'

// An `import` would evaluate its getters, one of which loads Node's own Fetch.
const { createServer } = process.getBuiltinModule('node:http')

export interface AdminServer {
  /** The port that was opened, also when 0 was asked for. */
  readonly port: number
  /** Stops listening, lets answers in flight finish for `ADMIN_CLOSE_MS`, then cuts what is left. */
  close(): Promise<void>
}

/**
 * Opens the admin port. Probes and scrapers are answered at once; the API and the page, with all that speaks Fetch, are
 * loaded when somebody asks for them first: most sidecars are only ever probed.
 * Rejects with Node's error, such as `EADDRINUSE`, when it can't listen there.
 */
export async function serveAdmin(options: {
  readonly deps: AdminDeps
  readonly host: string
  /** 0 lets the system choose one. */
  readonly port: number
}): Promise<AdminServer> {
  const { deps, host, port } = options
  const server = createServer(
    {
      maxHeaderSize: REQUEST_HEADER_MAX_BYTES,
      headersTimeout: REQUEST_HEADERS_TIMEOUT_MS,
      requestTimeout: REQUEST_HEADERS_TIMEOUT_MS,
      keepAliveTimeout: CLIENT_IDLE_TIMEOUT_MS,
      requireHostHeader: true,
      insecureHTTPParser: false,
    },
    answerWith(deps),
  )
  server.maxConnections = ADMIN_CONNECTIONS_MAX
  server.maxHeadersCount = REQUEST_HEADERS_MAX
  await listen(server, host, port)
  const address = server.address()
  return {
    port: typeof address === 'object' && address !== null ? address.port : port,
    close: () => close(server, deps),
  }
}

function answerWith(deps: AdminDeps): RequestListener {
  let loading: Promise<RequestListener> | null = null
  return (request, response) => {
    const path = healthPathOf(request)
    const answered =
      path === null
        ? (loading ??= loadApp(deps)).then((answer) => answer(request, response))
        : sendHealth(deps, path, request, response)
    answered.catch((error: unknown) => {
      deps.log.error('admin request failed', { error: String(error) })
      response.destroy()
    })
  }
}

async function loadApp(deps: AdminDeps): Promise<RequestListener> {
  const [{ getRequestListener }, { createAdminApp }] = await Promise.all([
    import('@hono/node-server'),
    import('./app.ts'),
  ])
  const answer = getRequestListener(createAdminApp(deps).fetch, { overrideGlobalObjects: false })
  return (request, response) => void answer(request, response)
}

/** Null: it is for the app. */
function healthPathOf({ method, url = '' }: IncomingMessage): HealthPath | null {
  if (method !== 'GET' && method !== 'HEAD') return null
  const mark = url.indexOf('?')
  const path = mark < 0 ? url : url.slice(0, mark)
  return HEALTH_PATHS.find((known) => known === path) ?? null
}

async function sendHealth(
  deps: AdminDeps,
  path: HealthPath,
  { method, url = '' }: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const verbose = /[?&]verbose(=|&|$)/.test(url)
  const { status, contentType, text } = await answerHealth(deps, path, verbose)
  const fields = { ...ANSWER_FIELDS, 'Content-Type': contentType }
  if (typeof text === 'string') {
    response.writeHead(status, { ...fields, 'Content-Length': Buffer.byteLength(text) }).end(text)
  } else {
    response.writeHead(status, fields)
    await (method === 'HEAD' ? response.end() : sendPieces(text, response))
  }
}

/** Reads on only when what was read is sent, and no further when the client has gone. */
async function sendPieces(text: AsyncIterable<string>, response: ServerResponse): Promise<void> {
  try {
    await pipeline(text, response)
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === GONE)) throw error
  }
}

const GONE = 'ERR_STREAM_PREMATURE_CLOSE'

function listen(server: Server, host: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen({ host, port }, () => {
      server.off('error', reject)
      resolve()
    })
  })
}

function close(server: Server, { clock }: AdminDeps): Promise<void> {
  return new Promise((resolve) => {
    const stopTimer = clock.after(ADMIN_CLOSE_MS, () => server.closeAllConnections())
    server.close(() => {
      stopTimer()
      resolve()
    })
    server.closeIdleConnections()
  })
}
