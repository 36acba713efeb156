/** What the upstream takes, and every contender injects. */
export const SECRETS = {
  current: 'bench-secret-current-7f3a91',
  previous: 'bench-secret-previous-5c02e8',
}

/** What the caller sends in its place; as long as a secret, so that a form keeps its length. */
export const PLACEHOLDER = 'placeholder'.padEnd(SECRETS.current.length, '-')

/** Path prefix of the route with this number. Its four digits are where the load generator counts. */
export function routePrefix(index: number): string {
  return `/route-${String(index).padStart(4, '0')}`
}

/** Path prefix of the route that writes the secret into a form. */
export const FORM_PREFIX = '/form'

/** A request as bytes. A run of `#` in its target becomes a counter. */
export function requestBytes(options: {
  readonly method: string
  readonly target: string
  readonly contentType?: string
  readonly body?: string
}): string {
  const { method, target, contentType, body } = options
  // What an SDK sends, more or less: the caller's own credential is a placeholder.
  const fields = [
    'Host: 127.0.0.1',
    'User-Agent: sidekey-bench/1',
    'Accept: application/json',
    `X-Api-Key: ${PLACEHOLDER}`,
    ...(contentType === undefined ? [] : [`Content-Type: ${contentType}`]),
    ...(body === undefined ? [] : [`Content-Length: ${Buffer.byteLength(body)}`]),
  ]
  return `${method} ${target} HTTP/1.1\r\n${fields.join('\r\n')}\r\n\r\n${body ?? ''}`
}
