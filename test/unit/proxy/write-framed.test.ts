import type { Socket } from 'node:net'
import { Writable } from 'node:stream'
import { expect, test } from 'vitest'
import { writePiece } from '../../../src/proxy/write-framed.ts'

/** A client that takes what it is given at once, or nothing of it. */
function client(takes: boolean) {
  const written: Buffer[] = []
  const write = (piece: Buffer, _: string, done: () => void) => {
    written.push(piece)
    if (takes) done()
  }
  const writev = (pieces: { chunk: Buffer }[], done: () => void) => {
    written.push(...pieces.map(({ chunk }) => chunk))
    if (takes) done()
  }
  const socket = new Writable({ write, writev, decodeStrings: false }) as Socket
  /** What waits, and what was taken: as it was given. */
  const given = (): readonly Buffer[] => {
    const { buffered } = (socket as unknown as { _writableState: State })._writableState
    return [...written, ...(buffered ?? []).map(({ chunk }) => chunk)]
  }
  return { socket, given }
}

interface State {
  readonly buffered: readonly { readonly chunk: Buffer }[] | null
}

test('pieces that a client takes at once are not copied', () => {
  const { socket, given } = client(true)
  const pieces = ['a', 'b'].map((text) => Buffer.from(text))
  for (const piece of pieces) writePiece(socket, 'length', piece, 'latin1')
  expect(given()).toEqual(pieces)
  expect(given().every((piece, i) => piece === pieces[i])).toBe(true)
})

test('a piece that waits behind another keeps no memory alive but its own', () => {
  const { socket, given } = client(false)
  for (const text of ['a', 'b', 'c']) writePiece(socket, 'length', Buffer.from(text), 'latin1')
  expect(given().map((piece) => piece.toString())).toEqual(['a', 'b', 'c'])
  const [, ...waiting] = given()
  expect(waiting.map((piece) => piece.buffer.byteLength)).toEqual([1, 1])
})

test('so do all chunks of a read that wait behind another', async () => {
  const { socket, given } = client(false)
  writePiece(socket, 'chunked', Buffer.from('a'), 'latin1')
  await new Promise<void>((resolve) => {
    process.nextTick(resolve)
  })
  for (const text of ['b', 'c']) writePiece(socket, 'chunked', Buffer.from(text), 'latin1')
  const waiting = given().filter((piece) => 'bc'.includes(piece.toString()))
  expect(waiting.map((piece) => piece.buffer.byteLength)).toEqual([1, 1])
})

test('chunks of one read are one piece for the client, and are not copied', () => {
  const { socket, given } = client(false)
  const chunks = ['a', 'b'].map((text) => Buffer.from(text))
  for (const chunk of chunks) writePiece(socket, 'chunked', chunk, 'latin1')
  for (const chunk of chunks) expect(given()).toContain(chunk)
})

test('a large piece that has to wait is not copied', () => {
  const { socket, given } = client(false)
  const pieces = [Buffer.from('a'), Buffer.allocUnsafeSlow(64 * 1024)]
  for (const piece of pieces) writePiece(socket, 'length', piece, 'latin1')
  expect(given()[1]).toBe(pieces[1])
})
