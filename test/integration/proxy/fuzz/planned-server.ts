import { createServer, type Socket } from 'node:net'
import type { AddressInfo } from 'node:net'
import type { Planned } from './answer-bytes.ts'

/** An upstream that answers each request, by the `n` in its target, with the bytes that are planned for it. */
export class PlannedServer {
  readonly plans = new Map<string, Planned>()
  readonly #sockets = new Set<Socket>()
  readonly #server = createServer((socket) => this.#serve(socket))

  async start(): Promise<string> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve))
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`
  }

  async stop(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy()
    await new Promise((resolve) => this.#server.close(resolve))
  }

  #serve(socket: Socket): void {
    let text = ''
    this.#sockets.add(socket)
    socket.setNoDelay(true).on('error', () => {})
    socket.on('close', () => this.#sockets.delete(socket))
    socket.on('data', (data: Buffer) => {
      text += data.toString('latin1')
      // None of these requests has a body.
      for (let end = text.indexOf('\r\n\r\n'); end >= 0; end = text.indexOf('\r\n\r\n')) {
        const asked = text.slice(0, end)
        const id = /n=([\w-]+)/.exec(asked)?.[1] ?? ''
        text = text.slice(end + 4)
        const plan = this.plans.get(id)
        if (plan !== undefined) void answer(socket, plan, asked.includes('plain'))
      }
    })
  }
}

/** @param plain without what is no part of the answer */
async function answer(
  socket: Socket,
  { pieces, surplus, ending }: Planned,
  plain: boolean,
): Promise<void> {
  const last = plain || surplus === '' ? null : Buffer.from(surplus, 'latin1')
  for (const [i, piece] of pieces.entries()) {
    const whole = last === null || i < pieces.length - 1 ? piece : Buffer.concat([piece, last])
    await new Promise((resolve) => socket.write(whole, resolve))
    await new Promise((resolve) => setImmediate(resolve))
  }
  if (ending === 'end') socket.end()
  if (ending === 'reset') socket.resetAndDestroy()
}
