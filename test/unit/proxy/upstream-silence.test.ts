import type { Socket } from 'node:net'
import { Duplex, PassThrough } from 'node:stream'
import { setImmediate } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { Attempt } from '../../../src/proxy/attempt.ts'
import type { ConnectionOwner } from '../../../src/proxy/connection-owner.ts'
import { Llhttp } from '../../../src/proxy/llhttp.ts'
import { ReadTurns } from '../../../src/proxy/read-turns.ts'
import { UpstreamConnection } from '../../../src/proxy/upstream-connection.ts'
import { WriteBatch } from '../../../src/proxy/write-batch.ts'
import { GET } from '../../fakes/outbound.ts'

/** An upstream's socket by hand: the timers that it was given, and writes that wait until they are taken. */
class HandSocket extends Duplex {
  readonly timers: number[] = []
  #taken: (() => void) | null = null

  constructor() {
    super({ writableHighWaterMark: 16 })
  }

  setTimeout(ms: number): this {
    this.timers.push(ms)
    return this
  }

  override _read(): void {}

  override _write(_chunk: Buffer, _encoding: string, taken: () => void): void {
    this.#taken = taken
  }

  takeAll(): void {
    while (this.#taken !== null) {
      const taken = this.#taken
      this.#taken = null
      taken()
    }
  }

  /** Its timer runs out; returns what it is given next. */
  runOut(): number | undefined {
    this.timers.length = 0
    this.emit('timeout')
    return this.timers.at(-1)
  }
}

function connected() {
  const socket = new HandSocket()
  const owner: ConnectionOwner = {
    hostField: 'host: a\r\n',
    upgradeField: '',
    limits: { connectMs: 10_000, idleMs: 55_000, headMs: 60_000, bodyMs: 300_000 },
    batch: new WriteBatch((error) => {
      throw error
    }),
    turns: new ReadTurns(),
    paused: () => {},
    free: () => {},
    closed: () => {},
  }
  let tell: () => void = () => {}
  let read: (length: number, buffer: Buffer) => boolean = () => false
  const connection = new UpstreamConnection(owner, new Llhttp(), (reads, isConnected) => {
    tell = isConnected
    read = reads
    return socket as unknown as Socket
  })
  tell()
  const answers = (text: string) => read(text.length, Buffer.from(text, 'latin1'))
  return { socket, connection, answers }
}

test('a request that is put on a connection while its idle time runs out has all of its own', () => {
  const { socket, connection } = connected()
  const attempt = new Attempt()
  connection.send(attempt, GET)
  expect(socket.runOut()).toBe(55_000)
  connection.flush()
  expect(socket.runOut()).toBe(5_000)
  expect(attempt.failure).toBeNull()
  socket.runOut()
  expect(attempt.failure).toBe('failed')
})

test('an answer that waited for its client has all of its time when it goes on', () => {
  const { socket, connection, answers } = connected()
  connection.send(new Attempt(), GET)
  connection.flush()
  answers('HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc')
  connection.pause()
  socket.timers.length = 0
  connection.resume()
  expect(socket.timers).toEqual([55_000])
})

test('an upstream that takes what it has held up is waited for anew', async () => {
  const { socket, connection } = connected()
  const attempt = new Attempt()
  const body = new PassThrough()
  connection.send(attempt, { ...GET, method: 'POST', body, bodyLength: 100 })
  body.write(Buffer.alloc(40))
  body.write(Buffer.alloc(40))
  await setImmediate()
  expect(socket.runOut()).toBe(5_000)
  socket.takeAll()
  // The rest of the body has to wait, too.
  await setImmediate()
  expect(socket.writableNeedDrain).toBe(true)
  expect(socket.runOut()).toBe(55_000)
  expect(attempt.failure).toBeNull()
})

test('an answer before a body that its client holds back has all of its time', () => {
  const { socket, connection, answers } = connected()
  const body = new PassThrough()
  const held = { ...GET, method: 'POST', body, bodyLength: 100, expectContinue: true }
  connection.send(new Attempt(), held)
  socket.timers.length = 0
  answers('HTTP/1.1 413 Too Large\r\nContent-Length: 9\r\n\r\nabc')
  expect(socket.timers).toEqual([55_000])
})
