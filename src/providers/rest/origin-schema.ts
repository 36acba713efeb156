import { z } from 'zod'

/** A base URL of the configuration: scheme, host and port, nothing else. */
export const originSchema = z
  .string()
  .refine(isOrigin, 'must be https:// or http:// with host and port, without path, query or user')

/** Why a base URL is refused unless the configuration says `insecure: true`. */
export const INSECURE_MESSAGE =
  'plain http is accepted on loopback only; use https or set insecure: true'

function isOrigin(text: string): boolean {
  const url = URL.parse(text)
  if (url === null || (url.protocol !== 'https:' && url.protocol !== 'http:')) return false
  return url.href === `${url.origin}/` && url.hostname !== ''
}

/** The secret travels over TLS, or never leaves the machine. True for what is no URL: another rule says so. */
export function isProtected(text: string): boolean {
  const url = URL.parse(text)
  if (url === null || url.protocol === 'https:') return true
  return /^(localhost|127(\.\d+){3}|\[::1\])$/.test(url.hostname)
}
