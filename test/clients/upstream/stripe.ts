import type { ServerResponse } from 'node:http'
import { type GoodCall, sendJson } from './good-call.ts'

/** A balance, and a customer that is made. Null: the credentials were wrong. */
export function answerStripe(call: GoodCall | null, response: ServerResponse): void {
  if (call === null) return refuse(response, 401, 'Invalid API Key provided')
  switch (`${call.method} ${call.path}`) {
    case 'GET /v1/balance': {
      const available = [{ amount: 1028, currency: 'eur', source_types: { card: 1028 } }]
      return sendJson(response, 200, { object: 'balance', available, livemode: false, pending: [] })
    }
    case 'POST /v1/customers': {
      const [email, name] = [call.form.get('email'), call.form.get('name')]
      return sendJson(response, 200, { id: 'cus_1', object: 'customer', email, name })
    }
    default:
      return refuse(response, 404, 'Unrecognized request URL')
  }
}

function refuse(response: ServerResponse, status: number, message: string): void {
  sendJson(response, status, { error: { type: 'invalid_request_error', message } })
}
