import { type ClientDuplexStream, status } from '@grpc/grpc-js'
import { afterEach, expect, test } from 'vitest'
import { S1, S2 } from '../proxy/bench.ts'
import { ECHO, GrpcWorld, placeholder } from './grpc-world.ts'

const same = (bytes: Buffer): Buffer => bytes

let world: GrpcWorld
afterEach(() => world.stop())

test('a unary call gets the credential in its metadata, and its trailers', async () => {
  world = await GrpcWorld.start()
  const reply = await world.unary('hello')
  expect(reply).toMatchObject({ code: status.OK })
  expect(reply.body?.toString()).toBe('hello')
  expect(reply.initial?.get('x-initial')).toEqual(['yes'])
  expect(world.shown).toEqual([S1])
})

test('a call that is refused in its head is sent again with the other version', async () => {
  world = await GrpcWorld.start(new Set([S1]))
  expect(await world.unary('hello')).toMatchObject({ code: status.OK })
  expect(world.shown).toEqual([S1, S2])
  // From now on the version that works comes first.
  expect(await world.unary('hello')).toMatchObject({ code: status.OK })
  expect(world.shown).toEqual([S1, S2, S2])
})

test('a call that both versions are refused for tells the client so', async () => {
  world = await GrpcWorld.start(new Set([S1, S2]))
  expect(await world.unary('hello')).toMatchObject({
    code: status.UNAUTHENTICATED,
    details: 'unknown key',
  })
  expect(world.shown).toEqual([S1, S2])
})

test('the messages of a server stream arrive in order, and its end', async () => {
  world = await GrpcWorld.start(new Set([S1]))
  const { serverStream } = ECHO
  const call = world.client.makeServerStreamRequest(
    serverStream.path,
    same,
    same,
    Buffer.from('100'),
    placeholder(),
  )
  const received: number[] = []
  for await (const message of call) received.push(Number((message as Buffer).toString()))
  expect(received).toEqual(Array.from({ length: 100 }, (_, i) => i))
  expect(world.shown).toEqual([S1, S2])
})

test('a client stream is sent again from its beginning, and goes on', async () => {
  world = await GrpcWorld.start(new Set([S1]))
  const reply = await new Promise<Buffer | undefined>((resolve, reject) => {
    const call = world.client.makeClientStreamRequest(
      ECHO.clientStream.path,
      same,
      same,
      placeholder(),
      (error, value) => (error === null ? resolve(value) : reject(error)),
    )
    call.write(Buffer.from('one '))
    const again = setInterval(() => {
      if (world.shown.length < 2) return
      clearInterval(again)
      call.write(Buffer.from('two'))
      call.end()
    }, 5)
  })
  expect(reply?.toString()).toBe('one two')
  expect(world.shown).toEqual([S1, S2])
})

test('both sides of a call speak in turn, though neither has ended', async () => {
  world = await GrpcWorld.start()
  const call = bidi()
  for (const word of ['a', 'b', 'c']) {
    call.write(Buffer.from(word))
    expect((await next(call)).toString()).toBe(word)
  }
  call.end()
  await new Promise((resolve) => call.on('status', resolve))
})

test('a deadline reaches the server, and so does the wish to cancel', async () => {
  world = await GrpcWorld.start()
  expect(await world.unary('wait', placeholder(), 200)).toMatchObject({
    code: status.DEADLINE_EXCEEDED,
  })
  await until(() => world.cancelled.includes('unary'))
  const call = bidi()
  call.write(Buffer.from('x'))
  await next(call)
  call.on('error', () => {})
  call.cancel()
  await until(() => world.cancelled.includes('bidi'))
})

test('messages larger than every window pass both ways', async () => {
  world = await GrpcWorld.start(
    new Set(),
    {},
    { 'grpc.max_receive_message_length': -1, 'grpc.max_send_message_length': -1 },
  )
  const large = Buffer.alloc(20 * 1024 * 1024, 'sidekey')
  const reply = await world.unary(large)
  expect(reply.code).toBe(status.OK)
  expect(reply.body?.equals(large)).toBe(true)
})

test('a call too large to keep is not sent again', async () => {
  world = await GrpcWorld.start(new Set([S1]))
  const large = Buffer.alloc(2 * 1024 * 1024)
  expect(await world.unary(large)).toMatchObject({ code: status.UNAUTHENTICATED })
  expect(world.shown).toEqual([S1])
})

test('what Sidekey refuses is a status that gRPC knows', async () => {
  world = await GrpcWorld.start()
  const reply = await new Promise<number | undefined>((resolve) => {
    world.client.makeUnaryRequest(
      '/sidekey.test.Echo/../Unary',
      same,
      same,
      Buffer.from('x'),
      placeholder(),
      (error) => resolve(error?.code),
    )
  })
  expect(reply).toBe(status.INTERNAL)
})

test('three hundred calls at once wait for room, and none is lost', async () => {
  world = await GrpcWorld.start()
  const replies = await Promise.all(Array.from({ length: 300 }, (_, i) => world.unary(`call ${i}`)))
  expect(replies.map(({ body }) => body?.toString())).toEqual(
    Array.from({ length: 300 }, (_, i) => `call ${i}`),
  )
})

function bidi(): ClientDuplexStream<Buffer, Buffer> {
  return world.client.makeBidiStreamRequest(ECHO.bidi.path, same, same, placeholder())
}

function next(call: ClientDuplexStream<Buffer, Buffer>): Promise<Buffer> {
  return new Promise((resolve) => call.once('data', resolve))
}

async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await new Promise((resolve) => setImmediate(resolve))
}
