import type { Socket } from 'node:net'
import { UPSTREAM_CONTINUE_MS, UPSTREAM_HEADER_MAX_BYTES } from '../kernel/limits.ts'
import type { Connect } from './connect-upstream.ts'
import type { Attempt, Carrier, OutboundRequest } from './attempt.ts'
import { isUnasked, keptForMs } from './answer-fields.ts'
import type { BodyBuffer } from './body-buffer.ts'
import type { Llhttp } from './llhttp.ts'
import type { ConnectionOwner } from './connection-owner.ts'
import { type AnswerEvents, AnswerParser } from './parse-answers.ts'
import { isConnectionLoss } from './rescue.ts'
import { ReadShare } from './read-turns.ts'
import { Silence } from './silence.ts'
import { UpgradedStream } from './upgraded-stream.ts'
import { UpstreamFaultError } from './upstream-fault.ts'
import type { Batched } from './write-batch.ts'
import { BodyWriter, wholeRequest, writeRequest } from './write-request.ts'

/** One connection to an upstream, and the request that is on it. Requests are never pipelined. */
export class UpstreamConnection implements AnswerEvents, Batched, Carrier {
  /** How long the upstream, or Sidekey where that is less, keeps it open without a request. */
  keepMs: number
  /** When the last answer on it ended; set by its owner. Monotonic. */
  freeSinceMs = 0
  /** Whether its answer waits for a client that does not keep up. */
  isPaused = false
  readonly bodies: BodyBuffer
  readonly #owner: ConnectionOwner
  readonly #parser: AnswerParser
  readonly #socket: Socket
  readonly #share: ReadShare
  readonly #silence: Silence
  #connected = false
  #attempt: Attempt | null = null
  #method = ''
  /** A request that waits for the end of the turn; no byte of it is on its way. */
  #unsent: string | null = null
  /** A body that its client holds back. */
  #heldBack: OutboundRequest | null = null
  #upgrade = false
  #upgraded: UpgradedStream | null = null
  #writer: BodyWriter | null = null
  #answered = false
  #trailers: readonly string[] = []
  #ended: 'no' | 'reusable' | 'last' = 'no'
  #closed = false

  constructor(owner: ConnectionOwner, llhttp: Llhttp, connect: Connect) {
    this.#owner = owner
    this.bodies = llhttp.bodies
    this.#share = new ReadShare(owner.turns, () => this.isPaused || this.#socket.resume())
    const { idleMs, headMs, bodyMs } = owner.limits
    this.keepMs = idleMs
    this.#parser = new AnswerParser(llhttp, this, UPSTREAM_HEADER_MAX_BYTES)
    const connected = (): void => {
      this.#connected = true
      if (this.#heldBack === null) this.#silence.watch()
      else this.#socket.setTimeout(UPSTREAM_CONTINUE_MS)
    }
    this.#socket = connect((bytes, buffer) => this.#read(bytes, buffer), connected)
    this.#silence = new Silence(this.#socket, Math.min(idleMs, headMs, bodyMs))
    this.#socket
      .setTimeout(owner.limits.connectMs)
      .on('timeout', () => this.#silent())
      .once('end', () => this.#upstreamEnded())
      .once('error', (error) => this.#fail(error))
      .once('close', () => {
        if (!this.#closed) this.#fail(new UpstreamFaultError('connection-lost'))
        this.#parser.free()
      })
  }

  /** Sends a request on a connection that is new or free. */
  send(attempt: Attempt, request: OutboundRequest): void {
    this.#attempt = attempt
    this.#method = request.method
    this.#upgrade = request.upgrade
    this.#silence.broken()
    attempt.begin(this)
    const { hostField, upgradeField, batch } = this.#owner
    const host = request.upgrade ? upgradeField : hostField
    this.#unsent = wholeRequest(request, host)
    if (this.#unsent !== null) return batch.add(this)
    writeRequest(this.#socket, request, host)
    if (!request.expectContinue) return this.#sendBody(request)
    this.#heldBack = request
    if (this.#connected) this.#socket.setTimeout(UPSTREAM_CONTINUE_MS)
  }

  flush(): void {
    const whole = this.#unsent
    this.#unsent = null
    if (whole !== null && !this.#closed) this.#socket.write(whole, 'latin1')
  }

  #sendBody(request: OutboundRequest): void {
    const { body } = request
    if (body === null || Buffer.isBuffer(body)) return
    this.#writer = new BodyWriter(this.#socket, body, request, this.#silence, (whole) => {
      this.#writer = null
      if (!whole) this.destroy(new UpstreamFaultError('connection-lost'))
    })
  }

  /** Stops reading; the upstream's answer waits. */
  pause(): void {
    this.isPaused = true
    this.#socket.pause()
    this.#owner.paused(this)
  }

  resume(): void {
    if (!this.isPaused) return
    this.isPaused = false
    this.#silence.begin()
    this.#socket.resume()
  }

  /** Ends the connection, and what is on it. */
  destroy(error: Error): void {
    this.#fail(error)
  }

  /** Leaves a free connection open for so long; then it ends as every idle one does. */
  expireAfter(keepMs: number): void {
    this.keepMs = keepMs
    this.#silence.watchFor(keepMs)
  }

  onContinue(): void {
    const request = this.#heldBack
    if (request === null) return
    this.#heldBack = null
    this.#silence.watch()
    this.#sendBody(request)
  }

  onBegin(): boolean {
    if (this.#attempt === null || this.#ended !== 'no') return false
    this.#answered = true
    return true
  }

  onHead(status: number, reason: string, fields: readonly string[]): 'body' | 'no-body' | 'refuse' {
    if (isUnasked(status, fields, this.#upgrade)) return 'refuse'
    this.keepMs = keptForMs(status, fields, this.#owner.limits.idleMs)
    if (this.#heldBack !== null) this.#silence.watch()
    this.#attempt?.headArrived(status, reason, fields)
    return this.#method === 'HEAD' ? 'no-body' : 'body'
  }

  onBody(bytes: Buffer): 'kept' | 'passed' | 'refuse' {
    const kept = this.#attempt?.bodyArrived(bytes) === true
    // Refused, it may be on its way to a client all the same: the memory is lost rather than overwritten.
    if (this.#closed) return kept ? 'kept' : 'refuse'
    return kept ? 'kept' : 'passed'
  }

  onEnd(keepAlive: boolean, trailers: readonly string[]): void {
    this.#trailers = trailers
    // What waits for a body that never came takes the next request for it.
    const wholeRequest = this.#writer === null && this.#heldBack === null
    this.#ended = keepAlive && this.keepMs > 0 && wholeRequest ? 'reusable' : 'last'
  }

  #read(length: number, buffer: Buffer): boolean {
    if (this.#upgraded !== null) return this.#upgraded.arrived(buffer.subarray(0, length))
    this.#silence.broken()
    if (this.#unsent !== null) {
      // Nobody has asked it yet: what it says is no answer, and the request goes elsewhere.
      this.#fail(new UpstreamFaultError('connection-lost'))
      return false
    }
    const valid = this.#parser.execute(buffer, length)
    const at = this.#upgrade ? this.#parser.otherProtocolAt : null
    if (at !== null) return this.#switchProtocol(buffer.subarray(at, length))
    // Bytes behind an answer make the connection suspect, not the answer.
    if (this.#ended !== 'no') this.#finish(valid)
    else if (!valid) this.#fail(new UpstreamFaultError('answer-invalid'))
    return !this.isPaused && !this.#closed && this.#share.take(length)
  }

  #finish(valid: boolean): void {
    const attempt = this.#attempt
    const reusable = valid && this.#ended === 'reusable' && !this.#closed
    this.#attempt = null
    this.#answered = false
    this.#ended = 'no'
    attempt?.answerEnded(this.#trailers)
    this.resume()
    if (reusable) this.#owner.free(this)
    else if (!this.#closed) this.#close(false)
  }

  /** The answer is a 101 that was asked for. From here on the connection is nobody's but the receiver's. */
  #switchProtocol(beginning: Buffer): boolean {
    const attempt = this.#attempt
    const upgraded = new UpgradedStream(this.#socket)
    this.#attempt = null
    this.#upgraded = upgraded
    this.#closed = true
    this.#owner.closed(this, false)
    if (attempt === null || attempt.isOver) upgraded.destroy()
    else {
      attempt.upgraded = upgraded
      attempt.answerEnded()
    }
    return beginning.length === 0 || upgraded.arrived(beginning)
  }

  /** The upstream sends no more; an answer without a length ends here. */
  #upstreamEnded(): void {
    if (this.#upgraded !== null) return
    if (this.#answered && this.#parser.finish() && this.#ended !== 'no') this.#finish(false)
    else this.#fail(new UpstreamFaultError('connection-lost'))
  }

  /** Called when its socket's timer has run out. */
  #silent(): void {
    const { idleMs, headMs, bodyMs } = this.#owner.limits
    // An upstream that does not know the expectation waits for the body.
    if (this.#connected && this.#heldBack !== null && !this.#answered) return this.onContinue()
    if (!this.#connected) this.#fail(new UpstreamFaultError('connect-timeout'))
    else if (this.#attempt === null) {
      if (this.#silence.isOver(Math.min(this.keepMs, idleMs))) this.#close(true)
    } else if (this.isPaused || this.#unsent !== null || this.#writer?.waitsForClient === true) {
      this.#silence.begin()
    } else if (this.#silence.isOver(this.#answered ? bodyMs : headMs)) {
      this.#fail(new UpstreamFaultError('answer-timeout'))
    }
  }

  #fail(error: Error): void {
    if (this.#closed) return
    const attempt = this.#attempt
    const lost = this.#connected && !this.#answered && isConnectionLoss(error)
    const failure = this.#unsent !== null && lost ? 'unprocessed' : lost ? 'lost' : 'failed'
    this.#attempt = null
    this.#close(false)
    attempt?.fail(error, failure)
  }

  #close(expired: boolean): void {
    this.#closed = true
    this.#unsent = null
    this.#writer?.stop()
    this.#writer = null
    this.#socket.destroy()
    this.#owner.closed(this, expired)
  }
}
