/** RFC 9110, section 15.2.2: behind this head another protocol is spoken. */
export const SWITCHING_PROTOCOLS = 101

const KEEP_ALIVE = 'keep-alive'
/** An upstream's own idle time is taken for so much shorter, since requests are on their way for a while. */
const KEEP_ALIVE_MARGIN_MS = 2_000

/** How long a connection may be kept by the fields of an answer on it, in milliseconds; at most `mostMs`. */
export function keptForMs(fields: readonly string[], mostMs: number): number {
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

/** Whether a body is announced. */
export function announcesBody(fields: readonly string[]): boolean {
  return fields.some((name, i) => {
    const lower = i % 2 === 0 ? name.toLowerCase() : ''
    return lower === 'transfer-encoding' || (lower === 'content-length' && fields[i + 1] !== '0')
  })
}

/** Whether the protocol behind a 101 is the one that was asked for. */
export function namesWebSocket(fields: readonly string[]): boolean {
  return fields.some(
    (name, i) =>
      i % 2 === 0 &&
      name.toLowerCase() === 'upgrade' &&
      fields[i + 1]?.trim().toLowerCase() === 'websocket',
  )
}
