import type { Operation, Task } from '../operation.ts'
import { formattedReply, jsonReply, type Reply, xmlReply } from '../reply.ts'
import { rfc3339 } from '../world.ts'
import { verifyFamily, verifyRoot } from './families.ts'

/** The code that every emulated verification expects. */
export const VERIFICATION_CODE = '1234'

interface Verification {
  readonly id: string
  readonly account: string
  readonly number: string
  readonly submittedAtMs: number
  status: 'IN PROGRESS' | 'SUCCESS' | 'CANCELLED'
}

/** Verify v1. Old clients send GET where today's send POST. */
export const verifyOperations: readonly Operation[] = [
  operation('request', '/verify/:format', request),
  operation('request', '/verify/psd2/:format', request),
  operation('check', '/verify/check/:format', check),
  operation('control', '/verify/control/:format', control),
  operation('search', '/verify/search/:format', search),
]

function operation(verb: string, path: string, perform: (task: Task) => Reply): Operation {
  return { name: `verify.${verb}`, family: verifyFamily, methods: ['POST', 'GET'], path, perform }
}

function request(task: Task): Reply {
  const { world, call, caller } = task
  const number = call.param('number')
  if (number === undefined) return failure(task, '2', 'Missing mandatory parameter: number')
  const id = world.random.id()
  const submittedAtMs = world.clock.now()
  const account = caller.account.key
  shelf(task).set(id, { id, account, number, submittedAtMs, status: 'IN PROGRESS' })
  return answer(task, { request_id: id, status: '0' })
}

function check(task: Task): Reply {
  const verification = find(task)
  if (verification?.status !== 'IN PROGRESS') return unknown(task)
  if (task.call.param('code') !== VERIFICATION_CODE) {
    return failure(task, '16', 'The code provided does not match the expected value')
  }
  verification.status = 'SUCCESS'
  return answer(task, {
    request_id: verification.id,
    event_id: task.world.random.id().slice(0, 16),
    status: '0',
    price: '0.10000000',
    currency: 'EUR',
    estimated_price_messages_sent: '0.03330000',
  })
}

function control(task: Task): Reply {
  const verification = find(task)
  if (verification?.status !== 'IN PROGRESS') return unknown(task)
  const command = task.call.param('cmd') ?? ''
  if (command !== 'cancel' && command !== 'trigger_next_event') {
    return failure(task, '3', 'Invalid value for parameter: cmd')
  }
  if (command === 'cancel') verification.status = 'CANCELLED'
  return answer(task, { status: '0', command })
}

function search(task: Task): Reply {
  const verification = find(task)
  if (verification === undefined) return failure(task, '101', 'No response found')
  const { id, account, number, status, submittedAtMs } = verification
  const date = rfc3339(submittedAtMs).replace('T', ' ').slice(0, 19)
  const found = {
    request_id: id,
    account_id: account,
    status,
    number,
    price: '0.10000000',
    currency: 'EUR',
    sender_id: 'verify',
    date_submitted: date,
    date_finalized: status === 'IN PROGRESS' ? '' : date,
    first_event_date: date,
    last_event_date: date,
  }
  return task.params['format'] === 'xml'
    ? xmlReply(200, ['verify_request', [...Object.entries(found), ['checks', []], ['events', []]]])
    : jsonReply(200, { ...found, checks: [], events: [] })
}

function shelf(task: Task) {
  return task.world.shelf<Verification>('verify')
}

/** Another account's verification is as good as unknown. */
function find(task: Task): Verification | undefined {
  const found = shelf(task).get(task.call.param('request_id'))
  return found?.account === task.caller.account.key ? found : undefined
}

function unknown(task: Task): Reply {
  const id = task.call.param('request_id') ?? ''
  return failure(task, '6', `The Vonage platform was unable to process this request: ${id}`)
}

function failure(task: Task, status: string, text: string): Reply {
  return answer(task, { status, error_text: text })
}

function answer({ call, params }: Task, members: Readonly<Record<string, string>>): Reply {
  return formattedReply(params['format'], verifyRoot(call.segments[1]), members)
}
