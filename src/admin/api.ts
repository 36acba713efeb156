import type { Context, Handler, MiddlewareHandler } from 'hono'
import { CommandRefusedError } from '../kernel/errors.ts'
import type { RotationCommand } from '../kernel/ports/rotation-control.ts'
import type { AddRoute, AdminDeps } from './admin-deps.ts'
import { accountSecretJson, credentialJson, dryRunJson } from './credential-json.ts'
import { refuseForeignOrigin, requireToken } from './guard.ts'
import { problem } from './problem.ts'
import { bodyOf, holdBody } from './hold-body.ts'
import { COMMAND_WORDS, readCommand } from './read-command.ts'
import { RotateLimiter } from './rotate-limiter.ts'

/** The part of the admin port that asks for the token: what is known of credentials, and everything that changes anything. */
export function addApi(deps: AdminDeps, add: AddRoute): void {
  const { control } = deps
  const guarded: MiddlewareHandler[] = [
    refuseForeignOrigin,
    requireToken(deps.token, () => deps.log.warn('admin token refused')),
  ]
  const mutating: MiddlewareHandler[] = [...guarded, holdBody, jsonOnly]
  add('GET', '/api/credentials', ...guarded, async (c) =>
    c.json({ credentials: (await control.list()).map(credentialJson) }),
  )
  add('GET', '/api/credentials/:id', ...guarded, async (c) => {
    const status = await control.get(c.req.param('id') ?? '')
    return status === null ? problem(c, 'credential-unknown') : c.json(credentialJson(status))
  })
  // GET never mutates: the provider is asked, and nothing changes there or here.
  add('GET', '/api/credentials/:id/secrets', ...guarded, async (c) => {
    const id = c.req.param('id') ?? ''
    if ((await control.get(id)) === null) return problem(c, 'credential-unknown')
    try {
      const secrets = await control.secrets(id, c.req.query('verify') === 'true')
      return c.json({ secrets: secrets.map(accountSecretJson) })
    } catch (error) {
      if (!(error instanceof CommandRefusedError)) throw error
      return problem(c, 'command-refused', error.message)
    }
  })
  add('GET', '/api/credentials/:id/plan', ...guarded, async (c) => {
    const id = c.req.param('id') ?? ''
    if ((await control.get(id)) === null) return problem(c, 'credential-unknown')
    try {
      return c.json(dryRunJson(await control.dryRun(id, c.req.query('emergency') === 'true')))
    } catch (error) {
      if (!(error instanceof CommandRefusedError)) throw error
      return problem(c, 'command-refused', error.message)
    }
  })
  const limiter = new RotateLimiter(deps.clock)
  for (const kind of COMMAND_WORDS) {
    add('POST', `/api/credentials/:id/${kind}`, ...mutating, commandHandler(deps, limiter, kind))
  }
  add('POST', '/reload', ...mutating, async (c) => {
    const result = await deps.reload()
    if (result.ok) return c.json({ reloaded: true })
    return problem(c, 'configuration-invalid', undefined, { issues: result.issues })
  })
  add('POST', '/quitquitquit', ...mutating, (c) => {
    deps.log.info('operator asked to stop')
    deps.quit()
    return c.json({ stopping: true }, 202)
  })
}

function commandHandler(
  { control, log }: AdminDeps,
  limiter: RotateLimiter,
  kind: RotationCommand['kind'],
): Handler {
  return async (c) => {
    const id = c.req.param('id') ?? ''
    const read = readCommand(kind, bodyOf(c))
    if (!read.ok) return problem(c, read.code, read.detail)
    if ((await control.get(id)) === null) return problem(c, 'credential-unknown')
    const { command } = read
    if (command.kind === 'rotate') {
      const waitMs = limiter.take(`${id} ${command.emergency}`)
      if (waitMs > 0) return rateLimited(c, waitMs)
    }
    const emergency = command.kind === 'rotate' ? command.emergency : undefined
    try {
      const status = await control.command(id, command)
      log.info('operator command', { credential: id, command: kind, emergency })
      return c.json(credentialJson(status), 202)
    } catch (error) {
      if (!(error instanceof CommandRefusedError)) throw error
      log.warn('operator command refused', { credential: id, command: kind, emergency })
      return problem(c, 'command-refused', error.message)
    }
  }
}

function rateLimited(c: Context, waitMs: number): Response {
  c.header('Retry-After', String(Math.ceil(waitMs / 1000)))
  return problem(c, 'rate-limited', 'a rotation that was asked for goes on by itself')
}

/** A form on another site can send text, but not JSON without asking first. An empty body needs no type. */
const jsonOnly: MiddlewareHandler = async (c, next) => {
  const type = c.req.header('content-type')?.split(';')[0]?.trim().toLowerCase()
  return type === 'application/json' || bodyOf(c) === ''
    ? next()
    : problem(c, 'content-type-not-json')
}
