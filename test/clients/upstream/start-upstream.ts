import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import { answerOpenai, OpenStreams } from './openai.ts'
import { answerStripe } from './stripe.ts'
import { answerTwilio } from './twilio.ts'
import { ACCOUNT_SID, PLACEHOLDER } from '../world-config.ts'

export interface Upstream {
  readonly url: string
  /** Calls whose credentials were wrong. */
  readonly refused: number
  /** Calls that held the placeholder anywhere, decoded Basic included. */
  readonly leaks: number
  close(): Promise<void>
}

/**
 * Stands in for Twilio, Stripe and OpenAI, told apart by path: takes the secrets that are valid, refuses others as each
 * of them does, and answers a few calls in a form that their SDKs read.
 */
export async function startUpstream(valid: readonly string[]): Promise<Upstream> {
  const counts = { refused: 0, leaks: 0 }
  const streams = new OpenStreams()
  const server = createServer(async (request, response) => {
    const body = await text(request)
    const { authorization = '' } = request.headers
    const decoded = Buffer.from(authorization.replace(/^basic +/i, ''), 'base64').toString('utf8')
    const seen = [request.url, ...request.rawHeaders, decoded, body].join('\n')
    if (seen.includes(PLACEHOLDER)) counts.leaks += 1
    if (!isValid(request, decoded, valid)) counts.refused += 1
    serve(request, response, body, isValid(request, decoded, valid), streams)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    get refused() {
      return counts.refused
    },
    get leaks() {
      return counts.leaks
    },
    async close() {
      server.close()
      server.closeAllConnections()
      await once(server, 'close')
    },
  }
}

const isTwilio = (path: string) => path.startsWith('/2010-04-01/')
const isOpenai = (path: string) => /^\/v1\/(models|chat)\b/.test(path)

/** Twilio takes Basic only, the others a bearer only. */
function isValid(request: IncomingMessage, decoded: string, valid: readonly string[]): boolean {
  const { authorization } = request.headers
  return valid.some((secret) =>
    isTwilio(request.url ?? '')
      ? decoded === `${ACCOUNT_SID}:${secret}`
      : authorization === `Bearer ${secret}`,
  )
}

function serve(
  request: IncomingMessage,
  response: ServerResponse,
  body: string,
  accepted: boolean,
  streams: OpenStreams,
): void {
  const { pathname: path } = new URL(request.url ?? '/', 'http://upstream')
  const { method = 'GET' } = request
  const call = { path, method, form: new URLSearchParams(body), body, response }
  if (isTwilio(path)) answerTwilio(accepted ? call : null, response)
  else if (isOpenai(path)) answerOpenai(accepted ? call : null, response, streams)
  else answerStripe(accepted ? call : null, response)
}
