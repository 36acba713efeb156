import { EventEmitter } from 'node:events'
import type * as Http2 from 'node:http2'
import { Socket } from 'node:net'
import { expect, test } from 'vitest'
import { Attempt } from '../../../src/proxy/attempt.ts'
import { type SessionOwner, UpstreamSession } from '../../../src/proxy/upstream-session.ts'
import { FakeClock } from '../../fakes/clock.ts'
import { GET } from '../../fakes/outbound.ts'

/** Node's side of a connection: the timer that it was given last, and what it was asked. */
class Connection extends EventEmitter {
  readonly closed = false
  readonly destroyed = false
  readonly stream = Object.assign(new EventEmitter(), { setTimeout: () => {} })
  readonly asked: string[] = []
  timerMs = 0

  setTimeout(ms: number): void {
    this.timerMs = ms
  }

  request(): unknown {
    return this.stream
  }

  ping(): void {
    this.asked.push('ping')
  }

  close(): void {
    this.asked.push('close')
  }
}

function connected() {
  const clock = new FakeClock()
  const connection = new Connection()
  const owner: SessionOwner = {
    origin: new URL('https://api.example.com'),
    limits: { connectMs: 10_000, idleMs: 55_000, headMs: 60_000, bodyMs: 300_000 },
    clock,
    roomMade: () => {},
    leaves: () => connection.asked.push('leaves'),
    closed: () => {},
  }
  const http2 = { connect: () => connection } as unknown as typeof Http2
  const session = new UpstreamSession(http2, owner, new Socket())
  /** Nothing moves until the timer runs out. */
  const silence = async (): Promise<void> => {
    await clock.advance(connection.timerMs)
    connection.emit('timeout')
  }
  return { clock, connection, session, silence }
}

test('a connection without a request is closed after its idle time, and not before', async () => {
  const { connection, silence } = connected()
  await silence()
  expect(connection.asked).toEqual([])
  await silence()
  expect(connection.asked).toEqual(['leaves', 'close'])
})

test('idle time begins when the last request ends', async () => {
  const { clock, connection, session, silence } = connected()
  session.send(new Attempt(), GET, false)
  await clock.advance(20_000)
  connection.stream.emit('close')
  const startedMs = clock.monotonic()
  while (connection.asked.length === 0) await silence()
  expect(connection.asked).toEqual(['leaves', 'close'])
  expect(clock.monotonic() - startedMs).toBe(55_000)
})

test('an upstream that owes an answer and is silent for half a minute is asked whether it is there', async () => {
  const { connection, session, silence } = connected()
  session.send(new Attempt(), GET, false)
  expect(connection.timerMs).toBe(30_000)
  await silence()
  expect(connection.asked).toEqual(['ping'])
})

test('a request that comes when the idle time is nearly over is waited for as long as any', async () => {
  const { connection, session, silence } = connected()
  await silence()
  expect(connection.timerMs).toBe(25_000)
  session.send(new Attempt(), GET, false)
  expect(connection.timerMs).toBe(30_000)
})
