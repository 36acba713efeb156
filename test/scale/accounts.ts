import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'

/** The management API of any number of accounts, each with the one secret that it began with. */
export interface Accounts {
  readonly origin: string
  /** When each create call came, ms. */
  readonly begun: number[]
  close(): void
}

/** Starts it on a free port. It answers as the real one does, and remembers what was created. */
export async function startAccounts(): Promise<Accounts> {
  const begun: number[] = []
  const created = new Map<string, object[]>()
  const server = createServer((request, response) => {
    const account = /^\/accounts\/([^/]+)\/secrets$/.exec(request.url ?? '')?.[1]
    const secrets = account === undefined ? [] : (created.get(account) ?? [secret(0)])
    const answer = (status: number, body: object) => {
      response.writeHead(status, { 'content-type': 'application/json' })
      response.end(JSON.stringify(body))
    }
    request.resume()
    request.on('end', () => {
      if (account === undefined) return answer(200, { value: 1, autoReload: false })
      if (request.method !== 'POST') return answer(200, { _embedded: { secrets } })
      begun.push(Date.now())
      const made = secret(secrets.length)
      created.set(account, [...secrets, made])
      answer(201, made)
    })
  })
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  const close = () => {
    server.close()
    server.closeAllConnections()
  }
  return { origin: `http://127.0.0.1:${port}`, begun, close }
}

function secret(number: number): object {
  const id = `ad6dc56f-07b5-46e1-a527-85530e62580${number}`
  return { id, created_at: new Date(Date.now() - (number === 0 ? 1e9 : 0)).toISOString() }
}
