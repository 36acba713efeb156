import { request as httpRequest } from 'node:http'
import { connect, type Socket } from 'node:net'
import { connect as connectTls, type TLSSocket } from 'node:tls'
import type { DataPlaneConfig } from '../../../src/proxy/data-plane.ts'
import { AuthorityWorld } from '../authority/authority-world.ts'
import { Bench } from './bench.ts'

/** A bench whose proxy ends TLS for `api.partner.example`, and clients that go through CONNECT. */
export class ConnectWorld {
  readonly bench: Bench
  readonly certificate: string
  /** Names that were looked up. */
  readonly asked: string[]
  readonly #authority: AuthorityWorld
  readonly #sockets: Socket[] = []

  private constructor(
    bench: Bench,
    certificate: string,
    authority: AuthorityWorld,
    asked: string[],
  ) {
    this.bench = bench
    this.certificate = certificate
    this.#authority = authority
    this.asked = asked
  }

  static async start(
    config: Partial<DataPlaneConfig>,
    more: {
      readonly addresses?: readonly string[]
      readonly mayTunnelTo?: (address: string) => boolean
      readonly route?: Parameters<typeof Bench.start>[0]['route']
    } = {},
  ): Promise<ConnectWorld> {
    const world = new AuthorityWorld()
    const authority = await world.authority(['api.partner.example', 'other.partner.example'])
    const asked: string[] = []
    const { addresses = ['93.184.216.34'], mayTunnelTo } = more
    const bench = await Bench.start({
      config,
      ...(more.route === undefined ? {} : { route: more.route }),
      deps: {
        certificates: authority,
        ...(mayTunnelTo === undefined ? {} : { mayTunnelTo }),
        resolve: (hostname, done) => {
          asked.push(hostname)
          done(
            null,
            addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 })),
          )
        },
      },
    })
    return new ConnectWorld(bench, authority.certificate, world, asked)
  }

  async stop(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy()
    await this.bench.stop()
    this.#authority.close()
  }

  /** Sends CONNECT; the head of the answer, and the socket behind it. */
  connect(
    target: string,
    fields = `Host: ${target}\r\n`,
  ): Promise<{ head: string; socket: Socket }> {
    return new Promise((resolve, reject) => {
      const socket = connect(this.bench.port, '127.0.0.1', () => {
        socket.write(`CONNECT ${target} HTTP/1.1\r\n${fields}\r\n`)
      })
      this.#sockets.push(socket)
      socket.once('error', reject)
      socket.once('data', (chunk) => {
        socket.off('error', reject)
        socket.on('error', () => {})
        resolve({ head: chunk.toString('latin1'), socket })
      })
    })
  }

  /** TLS inside a tunnel, or on a socket of its own. @throws Error the handshake failed */
  secure(socket: Socket, servername: string, protocols: string[] = []): Promise<TLSSocket> {
    // Destroying a socket before the TLS on it crashes Node 24.21.
    this.#sockets.splice(0, this.#sockets.length, ...this.#sockets.filter((one) => one !== socket))
    return new Promise((resolve, reject) => {
      const inner = connectTls(
        { socket, servername, ca: this.certificate, ALPNProtocols: protocols },
        () => resolve(inner),
      )
      inner.once('error', reject)
      this.#sockets.push(inner)
    })
  }
}

/** One raw request over a connection, and everything that comes back until `until` fits. */
export function exchange(socket: Socket, text: string, until = /\r\n\r\n/): Promise<string> {
  return new Promise((resolve) => {
    let received = ''
    const done = (): void => resolve(received)
    socket.on('data', (chunk: Buffer) => {
      received += chunk.toString('latin1')
      if (until.test(received)) done()
    })
    socket.once('close', done)
    socket.write(text)
  })
}

/** A GET to a listener at an address. */
export function get(port: number, path: string, host: string): Promise<number> {
  return new Promise((resolve, reject) => {
    httpRequest({ host: '127.0.0.1', port, path, headers: { host }, agent: false }, (response) => {
      response.resume()
      resolve(response.statusCode ?? 0)
    })
      .on('error', reject)
      .end()
  })
}
