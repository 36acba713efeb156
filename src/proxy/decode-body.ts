import { brotliDecompressSync, gunzipSync, inflateRawSync, inflateSync } from 'node:zlib'
import { DETECT_BODY_MAX_BYTES } from '../kernel/limits.ts'

/**
 * Decodes a whole body for a look; null when it is broken, grows beyond the limit, or has a coding that is not known.
 * The client gets the original bytes. In and output are small, so that this does not hold up other requests.
 */
export function decodeBody(bytes: Buffer, contentEncoding: string): Buffer | null {
  const options = { maxOutputLength: DETECT_BODY_MAX_BYTES }
  try {
    switch (contentEncoding.trim().toLowerCase()) {
      case '':
      case 'identity':
        return bytes
      case 'gzip':
      case 'x-gzip':
        return gunzipSync(bytes, options)
      case 'br':
        return brotliDecompressSync(bytes, options)
      case 'deflate':
        // Some servers send it without the zlib header that RFC 9110 asks for.
        return (bytes[0] ?? 0) % 16 === 8
          ? inflateSync(bytes, options)
          : inflateRawSync(bytes, options)
      default:
        return null
    }
  } catch {
    return null
  }
}
