import type { IncomingMessage, ServerResponse } from 'node:http'
import { z } from 'zod'
import { ControlError, type EmulatorControl } from './control.ts'
import { faultOrderSchema } from './fault-desk.ts'
import { settingsChangeSchema } from './settings.ts'

/** Paths of the control API begin with this; the provider itself has none that does. */
export const CONTROL_PREFIX = '/__emulator/'

const revokeSchema = z.strictObject({
  secret: z.string().default('last-used'),
  force: z.boolean().default(false),
})
const createSchema = z.strictObject({ secret: z.string().optional() })
const applicationSchema = z.strictObject({
  id: z.string().min(1),
  account: z.string(),
  publicKey: z.string(),
})
const canarySchema = z.strictObject({ text: z.string().min(1) })

interface Answer {
  readonly status: number
  readonly body: unknown
}

/** Turns the knobs over HTTP. Anybody who reaches the port may: it holds fake secrets only. */
export function serveControl(
  control: EmulatorControl,
  request: IncomingMessage,
  response: ServerResponse,
  body: Buffer,
): void {
  const { status, body: answer } = answerControl(control, request, body)
  const text = JSON.stringify(answer)
  response.writeHead(status, { 'content-type': 'application/json' })
  response.end(text)
}

function answerControl(control: EmulatorControl, request: IncomingMessage, body: Buffer): Answer {
  const url = new URL(request.url ?? '/', 'http://emulator')
  try {
    const order: unknown = body.length === 0 ? {} : JSON.parse(body.toString('utf8'))
    const what = `${request.method} ${url.pathname.slice(CONTROL_PREFIX.length)}`
    return dispatch(control, what, order, url.searchParams)
  } catch (error) {
    if (error instanceof ControlError) {
      const status = error.reason.startsWith('unknown') ? 404 : 409
      return { status, body: { error: error.reason, message: error.message } }
    }
    if (error instanceof z.ZodError || error instanceof SyntaxError) {
      return { status: 400, body: { error: 'bad-order', message: error.message } }
    }
    throw error
  }
}

function dispatch(
  control: EmulatorControl,
  what: string,
  order: unknown,
  query: URLSearchParams,
): Answer {
  const [, key = '', verb] = /^POST accounts\/([^/]+)\/(revoke|secrets)$/.exec(what) ?? []
  if (verb === 'revoke') {
    const { secret, force } = revokeSchema.parse(order)
    return { status: 200, body: { id: control.revoke(decodeURIComponent(key), secret, force) } }
  }
  if (verb === 'secrets') {
    const { secret } = createSchema.parse(order)
    return { status: 201, body: { id: control.create(decodeURIComponent(key), secret) } }
  }
  switch (what) {
    case 'GET state':
      return { status: 200, body: control.state() }
    case 'GET requests':
      return { status: 200, body: { requests: control.requests(Number(query.get('max') ?? 100)) } }
    case 'GET acts':
      return { status: 200, body: { acts: control.acts() } }
    case 'PATCH settings':
      control.configure(settingsChangeSchema.parse(order))
      return { status: 200, body: control.state().settings }
    case 'POST faults':
      control.fault(faultOrderSchema.parse(order))
      return { status: 201, body: { faults: control.state().faults } }
    case 'DELETE faults':
      control.clearFaults()
      return { status: 200, body: { faults: [] } }
    case 'POST applications':
      control.enrol(applicationSchema.parse(order))
      return { status: 201, body: {} }
    case 'POST canaries':
      control.watchFor(canarySchema.parse(order).text)
      return { status: 201, body: {} }
    default:
      return { status: 404, body: { error: 'unknown-order', message: `nothing at ${what}` } }
  }
}
