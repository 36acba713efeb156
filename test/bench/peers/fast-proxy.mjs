import { createServer } from 'node:http'
import fastProxy from 'fast-proxy'

const { PORT, UPSTREAM, HEADER, SECRET } = process.env
// On undici it is faster than on node:http.
const upstream = fastProxy({ base: UPSTREAM, undici: true })
const options = {
  rewriteRequestHeaders: (_request, headers) => ({ ...headers, [HEADER]: SECRET }),
}
createServer((request, response) => upstream.proxy(request, response, request.url, options)).listen(
  Number(PORT),
  '127.0.0.1',
)
