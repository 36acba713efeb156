/** RFC 3986: everything but the unreserved characters. A lone surrogate becomes U+FFFD, as in any UTF-8 encoder. */
export function percentEncode(text: string): string {
  return encodeURIComponent(text.toWellFormed()).replaceAll(
    /[!'()*]/g,
    (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`,
  )
}
