import type { Context } from 'hono'
import type { ContentfulStatusCode } from 'hono/utils/http-status'

/** Why the admin port refuses; the `code` of the problem body (RFC 9457). Stable. */
export type AdminProblemCode =
  | 'not-found'
  | 'method-not-allowed'
  | 'origin-not-allowed'
  | 'host-not-allowed'
  | 'admin-api-off'
  | 'token-required'
  | 'body-too-large'
  | 'body-malformed'
  | 'content-type-not-json'
  | 'request-invalid'
  | 'credential-unknown'
  | 'command-refused'
  | 'rate-limited'
  | 'configuration-invalid'
  | 'store-unavailable'
  | 'internal'

const PROBLEMS = {
  'not-found': [404, 'There is nothing here'],
  'method-not-allowed': [405, 'This method is not for this path'],
  'origin-not-allowed': [403, 'Requests from other sites are refused'],
  'host-not-allowed': [421, 'The page is not served under a public name'],
  'admin-api-off': [404, 'The admin API is off'],
  'token-required': [401, 'The admin token is missing or wrong'],
  'body-too-large': [413, 'The body is too large'],
  'body-malformed': [400, 'The body is not JSON'],
  'content-type-not-json': [415, 'A body must be application/json'],
  'request-invalid': [422, 'The body does not fit the command'],
  'credential-unknown': [404, 'There is no such credential'],
  'command-refused': [409, 'The credential can not do this now'],
  'rate-limited': [429, 'Too many rotations of this credential'],
  'configuration-invalid': [422, 'The configuration has errors; nothing was changed'],
  'store-unavailable': [503, 'The store can not be reached'],
  internal: [500, 'Something unexpected went wrong; the log says more'],
} as const satisfies Record<AdminProblemCode, readonly [ContentfulStatusCode, string]>

/** Answers `application/problem+json`. `detail` is for people and holds no value; `more` is for machines. */
export function problem(
  c: Context,
  code: AdminProblemCode,
  detail?: string,
  more: Readonly<Record<string, unknown>> = {},
): Response {
  const [status, title] = PROBLEMS[code]
  const body = { type: 'about:blank', title, status, code, ...(detail && { detail }), ...more }
  return c.body(JSON.stringify(body), status, { 'Content-Type': 'application/problem+json' })
}
