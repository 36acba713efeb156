import httpProxy from '@fastify/http-proxy'
import fastify from 'fastify'

const { PORT, UPSTREAM, HEADER, SECRET } = process.env
const server = fastify()
await server.register(httpProxy, {
  upstream: UPSTREAM,
  undici: true,
  replyOptions: {
    rewriteRequestHeaders: (_request, headers) => ({ ...headers, [HEADER]: SECRET }),
  },
})
await server.listen({ port: Number(PORT), host: '127.0.0.1' })
