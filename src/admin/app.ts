import { Hono, type MiddlewareHandler } from 'hono'
import { StoreUnavailableError } from '../kernel/errors.ts'
import type { AddRoute, AdminDeps } from './admin-deps.ts'
import { addApi } from './api.ts'
import { refusePublicHost } from './guard.ts'
import { ANSWER_FIELDS, answerHealth, HEALTH_PATHS } from './health.ts'
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
  for (const path of HEALTH_PATHS) {
    only(app, 'GET', path, async (c) => {
      const verbose = c.req.query('verbose') !== undefined
      const { status, contentType, text } = await answerHealth(deps, path, verbose)
      const whole = typeof text === 'string' ? text : (await Array.fromAsync(text)).join('')
      return c.body(whole, status, { 'Content-Type': contentType })
    })
  }
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

const answerHeaders: MiddlewareHandler = async (c, next) => {
  await next()
  for (const [name, value] of Object.entries(ANSWER_FIELDS)) c.header(name, value)
}
