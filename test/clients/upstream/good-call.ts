import type { ServerResponse } from 'node:http'

/** One call whose credentials were good. */
export interface GoodCall {
  readonly path: string
  readonly method: string
  readonly form: URLSearchParams
  readonly body: string
  readonly response: ServerResponse
}

/** Sends a JSON answer. */
export function sendJson(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))
}
