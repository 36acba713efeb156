import { once } from 'node:events'
import { type AddressInfo, createServer, type Socket } from 'node:net'

export interface SilentServer {
  readonly port: number
  /** Whoever has connected. */
  readonly reached: ReadonlySet<Socket>
  /** The first that one of them has said. */
  readonly said: Promise<Buffer>
  close(): void
}

/** A server that lets everybody in, and says nothing. */
export async function openSilentServer(): Promise<SilentServer> {
  const reached = new Set<Socket>()
  const { promise: said, resolve } = Promise.withResolvers<Buffer>()
  const server = createServer((socket) => {
    reached.add(socket.on('error', () => undefined).on('data', resolve))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    port: (server.address() as AddressInfo).port,
    reached,
    said,
    close: () => {
      for (const socket of reached) socket.destroy()
      server.close()
    },
  }
}
