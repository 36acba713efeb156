import { type Context, Hono, type MiddlewareHandler } from 'hono'
import { StoreUnavailableError } from '../kernel/errors.ts'
import type { AddRoute, AdminDeps } from './admin-deps.ts'
import { addApi } from './api.ts'
import { refusePublicHost } from './guard.ts'
import { PAGE_POLICY } from './page-assets.ts'
import { problem } from './problem.ts'
import { statusPage } from './status-page.ts'

/**
 * The admin port: health, metrics and the status page for everybody who can reach it; the API for who knows the token. A
 * GET changes nothing.
 */
export function createAdminApp(deps: AdminDeps): Hono {
  const app = new Hono()
  app.use(answerHeaders)
  only(app, 'GET', '/livez', (c) => probe(c, deps.live(), 'alive', []))
  only(app, 'GET', '/startupz', (c) => probe(c, deps.started(), 'started', []))
  only(app, 'GET', '/readyz', (c) => {
    const { ready, reasons } = deps.readiness()
    return probe(c, ready, 'ready', reasons)
  })
  only(app, 'GET', '/metrics', async (c) => {
    const { text, contentType } = await deps.metrics()
    return c.body(text, 200, { 'Content-Type': contentType })
  })
  only(app, 'GET', '/', refusePublicHost, async (c) => {
    c.header('Content-Security-Policy', PAGE_POLICY)
    return c.html(await statusPage(deps, await deps.control.list()))
  })
  addApi(deps, (...route) => only(app, ...route))
  app.notFound((c) => problem(c, 'not-found'))
  app.onError((error, c) => {
    if (error instanceof StoreUnavailableError) return problem(c, 'store-unavailable')
    deps.log.error('admin request failed', { error: error.name, stack: error.stack })
    return problem(c, 'internal')
  })
  return app
}

function only(app: Hono, ...[method, path, ...handlers]: Parameters<AddRoute>): void {
  app.on(method, [path], ...handlers)
  app.all(path, (c) => {
    c.header('Allow', method === 'GET' ? 'GET, HEAD' : method)
    return problem(c, 'method-not-allowed')
  })
}

/** `?verbose` lists the reasons, as Kubernetes' own probes do. */
function probe(c: Context, ok: boolean, word: string, reasons: readonly string[]): Response {
  const verdict = ok ? word : `not ${word}`
  const lines =
    c.req.query('verbose') === undefined ? [] : reasons.map((reason) => `[-] ${reason}\n`)
  return c.text(`${lines.join('')}${verdict}\n`, ok ? 200 : 503)
}

const answerHeaders: MiddlewareHandler = async (c, next) => {
  await next()
  c.header('Cache-Control', 'no-store')
  c.header('X-Content-Type-Options', 'nosniff')
  c.header('Referrer-Policy', 'no-referrer')
  c.header('Cross-Origin-Resource-Policy', 'same-origin')
}
