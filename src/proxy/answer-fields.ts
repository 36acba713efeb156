/** RFC 9110, section 15.2.2: behind this head another protocol is spoken. */
export const SWITCHING_PROTOCOLS = 101

const KEEP_ALIVE = 'keep-alive'
const TRANSFER_ENCODING = 'transfer-encoding'
/** An upstream's own idle time is taken for so much shorter, since requests are on their way for a while. */
const KEEP_ALIVE_MARGIN_MS = 2_000

/** How long a connection may be kept by the head of an answer on it, in milliseconds; at most `mostMs`. */
export function keptForMs(status: number, fields: readonly string[], mostMs: number): number {
  // What announces a body where none may be is followed by one at times: it must not meet the next request.
  if ((status === 204 || status === 304) && announcesBody(fields)) return 0
  let keptMs = mostMs
  for (let i = 0; i + 1 < fields.length; i += 2) {
    const name = fields[i] ?? ''
    if (name.length !== KEEP_ALIVE.length || name.toLowerCase() !== KEEP_ALIVE) continue
    const seconds = /timeout=\s*(\d+)/i.exec(fields[i + 1] ?? '')?.[1]
    if (seconds === undefined) continue
    keptMs = Math.min(mostMs, Math.max(0, Number(seconds) * 1_000 - KEEP_ALIVE_MARGIN_MS))
  }
  return keptMs
}

/**
 * Whether a head says what nobody has asked for: another protocol, or a coding of the body.
 * @param upgrade whether WebSocket was asked for
 */
export function isUnasked(status: number, fields: readonly string[], upgrade: boolean): boolean {
  if (status === SWITCHING_PROTOCOLS) return !(upgrade && namesWebSocket(fields))
  return isOddlyCoded(fields)
}

/** Whether a body is announced. */
function announcesBody(fields: readonly string[]): boolean {
  return fields.some((name, i) => {
    const lower = i % 2 === 0 ? name.toLowerCase() : ''
    return lower === TRANSFER_ENCODING || (lower === 'content-length' && fields[i + 1] !== '0')
  })
}

/**
 * Nobody here could take another coding than `chunked` off, and nobody asks for one: RFC 9112, section 6.1. Servers do say
 * `chunked` twice, or `identity`, and mean what a single word, or none, says.
 */
function isOddlyCoded(fields: readonly string[]): boolean {
  for (let i = 0; i + 1 < fields.length; i += 2) {
    const name = fields[i] ?? ''
    if (name.length !== TRANSFER_ENCODING.length || name.toLowerCase() !== TRANSFER_ENCODING) {
      continue
    }
    const coding = fields[i + 1] ?? ''
    if (coding !== 'chunked' && !PLAIN_CODINGS.test(coding)) return true
  }
  return false
}

const PLAIN_CODINGS = /^[\s,]*(?:(?:chunked|identity)(?:[\s,]+|$))*$/i

/** Whether the protocol behind a 101 is the one that was asked for. */
function namesWebSocket(fields: readonly string[]): boolean {
  return fields.some(
    (name, i) =>
      i % 2 === 0 &&
      name.toLowerCase() === 'upgrade' &&
      fields[i + 1]?.trim().toLowerCase() === 'websocket',
  )
}
