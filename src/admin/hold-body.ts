import type { Context, MiddlewareHandler } from 'hono'
import { ADMIN_BODY_MAX_BYTES } from '../kernel/limits.ts'
import { problem } from './problem.ts'

const HELD = 'heldBody'

/**
 * Reads the body once, whatever frames it (a length, chunks, or nothing: `curl -X POST` sends neither), and answers 413 when
 * it is longer than `ADMIN_BODY_MAX_BYTES`. Hono's own limit builds a second `Request` where there is no length, which its
 * Node adapter can't do while the global one is left alone.
 */
export const holdBody: MiddlewareHandler = async (c, next) => {
  const chunks: Uint8Array[] = []
  let length = 0
  for await (const chunk of c.req.raw.body ?? []) {
    length += chunk.byteLength
    if (length > ADMIN_BODY_MAX_BYTES) return problem(c, 'body-too-large')
    chunks.push(chunk)
  }
  c.set(HELD, Buffer.concat(chunks).toString('utf8'))
  return next()
}

/** The body that `holdBody` read; empty when there was none. */
export function bodyOf(c: Context): string {
  const held: unknown = c.get(HELD)
  return typeof held === 'string' ? held : ''
}
