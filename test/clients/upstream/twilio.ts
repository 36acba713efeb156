import type { ServerResponse } from 'node:http'
import { type GoodCall, sendJson } from './good-call.ts'
import { ACCOUNT_SID } from '../world-config.ts'

const ACCOUNT_PATH = `/2010-04-01/Accounts/${ACCOUNT_SID}`

/** The account, and a message that is queued. Null: the credentials were wrong. */
export function answerTwilio(call: GoodCall | null, response: ServerResponse): void {
  if (call === null) return refuse(response, 401, 20003, 'Authenticate')
  const { method, path, form } = call
  if (method === 'GET' && path === `${ACCOUNT_PATH}.json`) {
    return sendJson(response, 200, { sid: ACCOUNT_SID, status: 'active', type: 'Full' })
  }
  if (method === 'POST' && path === `${ACCOUNT_PATH}/Messages.json`) {
    const [to, from, body] = [form.get('To'), form.get('From'), form.get('Body')]
    const sid = `SM${'0'.repeat(32)}`
    return sendJson(response, 201, {
      sid,
      status: 'queued',
      account_sid: ACCOUNT_SID,
      to,
      from,
      body,
    })
  }
  refuse(response, 404, 20404, 'The requested resource was not found')
}

function refuse(response: ServerResponse, status: number, code: number, message: string): void {
  const more_info = `https://www.twilio.com/docs/errors/${code}`
  sendJson(response, status, { code, message, more_info, status })
}
