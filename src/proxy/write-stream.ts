import type { ClientHttp2Stream } from 'node:http2'
import type { OutboundRequest } from './attempt.ts'
import { EXPECTS_BODY } from './write-request.ts'

/**
 * A request's head as HTTP/2 has it. Sidekey hands on trailers, so it says so: gRPC upstreams ask for it.
 * @param scheme `http` or `https`; @param authority the upstream's host, and its port where that is not the default
 */
export function streamHead(request: OutboundRequest, scheme: string, authority: string): string[] {
  const { method, target, fields, body, bodyLength } = request
  const head = [':method', method, ':scheme', scheme, ':authority', authority, ':path', target]
  for (let i = 0; i + 1 < fields.length; i += 2) {
    head.push((fields[i] ?? '').toLowerCase(), fields[i + 1] ?? '')
  }
  head.push('te', 'trailers')
  if (Buffer.isBuffer(body)) head.push('content-length', String(body.length))
  else if (body === null && EXPECTS_BODY.has(method)) head.push('content-length', '0')
  else if (bodyLength !== null) head.push('content-length', String(bodyLength))
  if (request.expectContinue) head.push('expect', '100-continue')
  return head
}

/**
 * Writes the body behind a head, as fast as the upstream takes it and the client sends it.
 * @returns stops it
 */
export function writeStreamBody(stream: ClientHttp2Stream, request: OutboundRequest): () => void {
  const { body, trailers } = request
  if (body === null) return nothing
  if (trailers !== null) stream.once('wantTrailers', () => sendTrailers(stream, trailers()))
  if (Buffer.isBuffer(body)) {
    stream.end(body)
    return nothing
  }
  const data = (chunk: Buffer): void => {
    if (!stream.write(chunk)) body.pause()
  }
  const drain = (): void => void body.resume()
  const end = (): void => void stream.end()
  const close = (): void => {
    stop()
    // Before its end: the client is gone.
    if (!stream.writableEnded) stream.close(CANCEL)
  }
  const stop = (): void => {
    stream.off('drain', drain)
    body.off('data', data).off('end', end).off('close', close)
    body.pause()
  }
  stream.on('drain', drain)
  const begin = (): void => {
    body.on('data', data).on('end', end).on('close', close)
    if (body.destroyed) close()
  }
  if (request.expectContinue) stream.once('continue', begin)
  else begin()
  return stop
}

/** RFC 9113, section 7. */
const CANCEL = 8

function nothing(): void {}

function sendTrailers(stream: ClientHttp2Stream, fields: readonly string[]): void {
  const trailers: Record<string, string[]> = {}
  for (let i = 0; i + 1 < fields.length; i += 2) {
    ;(trailers[(fields[i] ?? '').toLowerCase()] ??= []).push(fields[i + 1] ?? '')
  }
  stream.sendTrailers(trailers)
}
