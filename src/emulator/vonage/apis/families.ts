import type { Placement } from '../call.ts'
import type { Family } from '../operation.ts'
import { malformedCredentials, unathorized, unauthorized } from '../problem.ts'
import { formattedReply, jsonReply, xmlReply } from '../reply.ts'

const placed = (...placements: readonly Placement[]): ReadonlySet<Placement> => new Set(placements)

/** Secrets and subaccounts. */
export const managementFamily: Family = {
  name: 'secrets',
  host: 'api',
  placements: placed('basic'),
  refuse: (world, _call, { kind }) =>
    kind === 'malformed' ? malformedCredentials(world) : unauthorized(world),
}

/** Newer APIs: Verify v2, applications, reports and the like. */
export const basicFamily = (name: string): Family => ({
  name,
  host: 'api',
  placements: placed('basic'),
  refuse: (world) => unathorized(world),
})

export const messagesFamily: Family = {
  name: 'messages',
  host: 'api',
  placements: placed('basic', 'json', 'token'),
  refuse: (world) => unathorized(world),
}

/** Status 4 of one message at HTTP 200; 14 for a signed request. */
export const smsFamily: Family = {
  name: 'sms',
  host: 'rest',
  placements: placed('basic', 'form', 'json', 'query', 'signature'),
  refuse(_world, call) {
    const signed = call.param('sig') !== undefined
    const status = signed ? '14' : '4'
    const text = signed ? 'Invalid Signature' : 'Bad Credentials'
    if (call.segments.at(-1) !== 'xml') {
      const messages = [{ status, 'error-text': text }]
      return jsonReply(200, { 'message-count': '1', messages })
    }
    const message = [
      'message',
      [['status', status] as const, ['errorText', text] as const],
    ] as const
    return xmlReply(200, ['mt-submission-response', [['messages count="1"', [message]]]])
  },
}

export const verifyFamily: Family = {
  name: 'verify',
  host: 'api',
  placements: placed('basic', 'form', 'json', 'query'),
  refuse: (_world, call) =>
    formattedReply(call.segments.at(-1), verifyRoot(call.segments[1]), {
      status: '4',
      error_text: 'Bad credentials',
    }),
}

/** The XML root of each Verify call: `/verify/{xml|check|control|search|psd2}`. */
export function verifyRoot(part: string | undefined): string {
  if (part === 'search') return 'verify_request'
  return part === 'control' ? 'response' : 'verify_response'
}

export const numberInsightFamily: Family = {
  name: 'number-insight',
  host: 'api',
  placements: placed('basic', 'query'),
  refuse(_world, call) {
    const isAsync = call.segments.includes('async')
    const text = isAsync ? 'error_text' : 'status_message'
    const message = isAsync ? 'Invalid credentials' : 'invalid credentials'
    return formattedReply(call.segments.at(-1), 'lookup', { status: 4, [text]: message })
  },
}

/** The account's own APIs on the rest host. XML for a client that asks for it. */
const restFamily = (name: string, xmlRoot: string): Family => ({
  name,
  host: 'rest',
  placements: placed('basic', 'query'),
  refuse(_world, call) {
    const body = { 'error-code': '401', 'error-code-label': 'authentication failed' }
    return wantsXml(call.headers.accept)
      ? xmlReply(401, [xmlRoot, Object.entries(body)])
      : jsonReply(401, body)
  },
})

export const accountFamily = restFamily('account', 'response')
export const numbersFamily = restFamily('numbers', 'inbound-numbers')
export const pricingFamily = restFamily('pricing', 'response')
export const searchFamily = restFamily('search', 'response')
export const conversionFamily: Family = {
  ...restFamily('conversion', 'response'),
  host: 'api',
  placements: placed('basic', 'query', 'signature'),
}

export const redactFamily: Family = {
  name: 'redact',
  host: 'api',
  placements: placed('basic'),
  refuse: () => jsonReply(401, { type: 'UNAUTHORIZED', error_title: 'Unauthorized' }),
}

export const auditFamily: Family = {
  name: 'audit',
  host: 'api',
  placements: placed('basic'),
  refuse: () =>
    jsonReply(401, {
      status: 401,
      error: 'Unauthorized',
      message: 'Full authentication is required to access this resource',
    }),
}

/** Media took the query, before tokens. */
export const mediaFamily: Family = {
  name: 'media',
  host: 'api',
  placements: placed('query', 'token'),
  refuse: (world) => unathorized(world),
}

/** Voice, Conversations, Users, Meetings: tokens only. */
export const tokenFamily = (name: string): Family => ({
  name,
  host: 'api',
  placements: placed('token'),
  refuse: (world) => unathorized(world),
})

export const videoFamily: Family = {
  name: 'video',
  host: 'api',
  placements: placed('token'),
  refuse: () => jsonReply(403, { code: 403, message: 'You passed in an invalid JWT token' }),
}

function wantsXml(accept: string | undefined): boolean {
  return accept !== undefined && /\bxml\b/.test(accept) && !accept.includes('json')
}
