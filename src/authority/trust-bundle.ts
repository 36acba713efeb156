import { getCACertificates } from 'node:tls'

/**
 * What clients of this machine trust, and the certificate of the authority as the last one, PEM each. The system's
 * own store where it can be found, and Node's, since a container may have none.
 */
export function trustedCertificates(authority: string): readonly string[] {
  const known = [...getCACertificates('system'), ...getCACertificates('bundled')]
  return [...new Set([...known, authority].map((pem) => `${pem.trim()}\n`))]
}
