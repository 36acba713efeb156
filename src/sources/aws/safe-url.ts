/** Plain http is for this machine, and for the two addresses that AWS gives out: ECS, EKS Pod Identity. */
const PLAIN_HOSTS = /^(localhost|127(\.\d+){3}|\[::1\]|169\.254\.170\.(2|23)|\[fd00:ec2::23\])$/

/** An endpoint that the platform names; null for what is no URL, or where a token would travel in the clear. */
export function safeUrl(text: string): URL | null {
  const url = URL.parse(text)
  if (url === null || (url.protocol !== 'https:' && url.protocol !== 'http:')) return null
  return url.protocol === 'https:' || PLAIN_HOSTS.test(url.hostname) ? url : null
}
