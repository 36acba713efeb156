import {
  type ClientOptions,
  Client,
  credentials,
  Metadata,
  Server,
  ServerCredentials,
  type ServerDuplexStream,
  type ServerReadableStream,
  type ServerUnaryCall,
  type ServerWritableStream,
  type sendUnaryData,
  status,
} from '@grpc/grpc-js'
import type { Endpoint } from '../../../src/kernel/route.ts'
import { ConnectWorld } from '../proxy/connect-world.ts'
import { API, TLS_LISTEN } from '../http2/http2-world.ts'
import { tlsFile } from '../http2/upstream2.ts'

const same = (bytes: Buffer): Buffer => bytes

const method = (name: string, requestStream: boolean, responseStream: boolean) => ({
  path: `/sidekey.test.Echo/${name}`,
  requestStream,
  responseStream,
  requestSerialize: same,
  requestDeserialize: same,
  responseSerialize: same,
  responseDeserialize: same,
})

/** A service whose messages are bytes: what is sent through a proxy needs no schema. */
export const ECHO = {
  unary: method('Unary', false, false),
  serverStream: method('ServerStream', false, true),
  clientStream: method('ClientStream', true, false),
  bidi: method('Bidi', true, true),
}

type Call = { readonly metadata: Metadata }

/** A real gRPC server behind Sidekey, and a real client in front of it. */
export class GrpcWorld {
  readonly connect: ConnectWorld
  readonly client: Client
  readonly server: Server
  /** What the server was shown as the credential, by each call. */
  readonly shown: string[]
  /** Calls that their client has cancelled. */
  readonly cancelled: string[]

  private constructor(
    connect: ConnectWorld,
    client: Client,
    server: Server,
    seen: Pick<GrpcWorld, 'shown' | 'cancelled'>,
  ) {
    this.connect = connect
    this.client = client
    this.server = server
    this.shown = seen.shown
    this.cancelled = seen.cancelled
  }

  /** @param refused credentials that the server does not accept */
  static async start(
    refused: ReadonlySet<string> = new Set(),
    endpoint: Partial<Endpoint> = {},
    options: ClientOptions = {},
  ): Promise<GrpcWorld> {
    const seen = { shown: [] as string[], cancelled: [] as string[] }
    const server = echoServer(refused, seen)
    const port = await bind(server)
    const connect = await ConnectWorld.start(
      { tlsListen: TLS_LISTEN, upstream: { ca: tlsFile('ca.pem') } },
      {
        addresses: ['127.0.0.1'],
        route: {
          upstream: { origin: `https://localhost:${port}`, insecure: false },
          endpoints: [
            {
              paths: ['/**'],
              inject: [{ kind: 'header', name: 'x-api-key', format: '{secret}' }],
              authFailure: [{ status: 200, grpc: [status.UNAUTHENTICATED] }],
              ...endpoint,
            },
          ],
        },
      },
    )
    const { address = '', port: listening } = connect.bench.plane.bound.get(TLS_LISTEN) ?? {}
    const client = new Client(
      `${address}:${listening}`,
      credentials.createSsl(Buffer.from(connect.certificate)),
      {
        'grpc.ssl_target_name_override': API,
        'grpc.default_authority': API,
        'grpc.enable_http_proxy': 0,
        ...options,
      },
    )
    return new GrpcWorld(connect, client, server, seen)
  }

  async stop(): Promise<void> {
    this.client.close()
    await this.connect.stop()
    this.server.forceShutdown()
  }

  unary(body: Buffer | string, metadata = placeholder(), deadlineMs?: number): Promise<Reply> {
    return new Promise((resolve) => {
      const head: { metadata?: Metadata } = {}
      const call = this.client.makeUnaryRequest(
        ECHO.unary.path,
        same,
        same,
        Buffer.from(body as string),
        metadata,
        deadlineMs === undefined ? {} : { deadline: Date.now() + deadlineMs },
        (error, value) => {
          resolve({
            code: error?.code ?? status.OK,
            details: error?.details ?? '',
            body: value ?? null,
            initial: head.metadata ?? null,
          })
        },
      )
      call.on('metadata', (initial) => {
        head.metadata = initial
      })
    })
  }
}

export interface Reply {
  readonly code: number
  readonly details: string
  readonly body: Buffer | null
  readonly initial: Metadata | null
}

/** What an application without the secret sends. */
export function placeholder(): Metadata {
  const metadata = new Metadata()
  metadata.set('x-api-key', 'placeholder')
  return metadata
}

function bind(server: Server): Promise<number> {
  const pair = {
    private_key: Buffer.from(tlsFile('leaf.key')),
    cert_chain: Buffer.from(tlsFile('localhost.pem')),
  }
  return new Promise((resolve, reject) => {
    server.bindAsync('localhost:0', ServerCredentials.createSsl(null, [pair]), (error, port) => {
      if (error === null) resolve(port)
      else reject(error)
    })
  })
}

function echoServer(
  refused: ReadonlySet<string>,
  seen: Pick<GrpcWorld, 'shown' | 'cancelled'>,
): Server {
  const server = new Server({
    'grpc.max_receive_message_length': -1,
    'grpc.max_send_message_length': -1,
  })
  const denies = ({ metadata }: Call): boolean => {
    const key = metadata.get('x-api-key').map(String).join()
    seen.shown.push(key)
    return refused.has(key)
  }
  const no = { code: status.UNAUTHENTICATED, details: 'unknown key' }
  server.addService(ECHO, {
    unary(call: ServerUnaryCall<Buffer, Buffer>, done: sendUnaryData<Buffer>) {
      if (denies(call)) return done(no)
      if (call.request.toString() === 'wait') {
        call.on('cancelled', () => seen.cancelled.push('unary'))
        return
      }
      const trailers = new Metadata()
      trailers.set('x-trailing', 'yes')
      const initial = new Metadata()
      initial.set('x-initial', 'yes')
      call.sendMetadata(initial)
      done(null, call.request, trailers)
    },
    serverStream(call: ServerWritableStream<Buffer, Buffer>) {
      if (denies(call)) return void call.emit('error', no)
      const count = Number(call.request.toString())
      call.on('cancelled', () => seen.cancelled.push('serverStream'))
      for (let i = 0; i < count; i++) call.write(Buffer.from(String(i)))
      if (count > 0) call.end()
    },
    clientStream(call: ServerReadableStream<Buffer, Buffer>, done: sendUnaryData<Buffer>) {
      if (denies(call)) return done(no)
      const chunks: Buffer[] = []
      call.on('data', (chunk: Buffer) => chunks.push(chunk))
      call.on('end', () => done(null, Buffer.concat(chunks)))
    },
    bidi(call: ServerDuplexStream<Buffer, Buffer>) {
      if (denies(call)) return void call.emit('error', no)
      call.on('cancelled', () => seen.cancelled.push('bidi'))
      call.on('data', (chunk: Buffer) => call.write(chunk))
      call.on('end', () => call.end())
    },
  })
  return server
}
