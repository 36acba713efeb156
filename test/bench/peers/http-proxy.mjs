import { createServer, Agent as HttpAgent } from 'node:http'
import { Agent as HttpsAgent } from 'node:https'
import httpProxy from 'http-proxy'

const { PORT, UPSTREAM, HEADER, SECRET } = process.env
const Agent = UPSTREAM.startsWith('https:') ? HttpsAgent : HttpAgent
const proxy = httpProxy.createProxyServer({
  target: UPSTREAM,
  agent: new Agent({ keepAlive: true }),
  headers: { [HEADER]: SECRET },
})
proxy.on('error', (_error, _request, response) => response.destroy())
createServer((request, response) => proxy.web(request, response)).listen(Number(PORT), '127.0.0.1')
