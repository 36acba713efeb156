import type { HttpAnswer } from '../http-client.ts'
import { SourceFault } from '../secret-fetcher.ts'

/**
 * What an answer other than 200 says (Vault API, "HTTP status codes", checked 2026-11-24).
 * @param what was asked, such as `the login`
 */
export function faultOf({ status, retryAfterMs }: HttpAnswer, what: string): SourceFault {
  const seen = `${what} was answered with ${status}`
  switch (status) {
    case 404:
      return new SourceFault('absent', `${seen}: look at mount and path`)
    case 400:
    case 401:
    case 403:
      return new SourceFault('refused', `${seen}: look at the token, its policy and its role`)
    case 429:
      return new SourceFault('throttled', seen, retryAfterMs)
    case 503:
      return new SourceFault(
        'unavailable',
        `${seen}: sealed, or down for maintenance`,
        retryAfterMs,
      )
    default:
      return status >= 300 && status < 400
        ? new SourceFault('unavailable', `${seen}: redirects are not followed`)
        : new SourceFault('unavailable', seen, retryAfterMs)
  }
}
