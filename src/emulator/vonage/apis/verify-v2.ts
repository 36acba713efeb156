import type { Operation, Task } from '../operation.ts'
import { invalidParameters, notFound, problemReply } from '../problem.ts'
import { emptyReply, jsonReply, type Reply } from '../reply.ts'
import { basicFamily } from './families.ts'
import { VERIFICATION_CODE } from './verify.ts'

const family = basicFamily('verify2')

interface Verification {
  readonly id: string
  readonly account: string
}

/** Verify v2, with the same code as v1. */
export const verifyV2Operations: readonly Operation[] = [
  { name: 'verify2.request', family, methods: ['POST'], path: '/v2/verify', perform: request },
  { name: 'verify2.check', family, methods: ['POST'], path: '/v2/verify/:id', perform: check },
  { name: 'verify2.cancel', family, methods: ['DELETE'], path: '/v2/verify/:id', perform: cancel },
  ...['next_workflow', 'next-workflow'].map((word): Operation => ({
    name: 'verify2.next',
    family,
    methods: ['POST'],
    path: `/v2/verify/:id/${word}`,
    perform: (task) => (find(task) ? emptyReply(200) : notFound(task.world)),
  })),
]

function request(task: Task): Reply {
  const { world, call, caller } = task
  if (!Array.isArray(call.json['workflow'])) {
    return invalidParameters(world, 422, 'workflow', 'Is required')
  }
  const id = world.uuid()
  shelf(task).set(id, { id, account: caller.account.key })
  return jsonReply(202, { request_id: id })
}

function check(task: Task): Reply {
  const found = find(task)
  if (found === undefined) return notFound(task.world)
  if (task.call.param('code') !== VERIFICATION_CODE) {
    return problemReply(task.world, {
      status: 400,
      type: 'https://developer.vonage.com/api-errors/verify#invalid-code',
      title: 'Invalid Code',
      detail: 'The code you provided does not match the expected value.',
    })
  }
  shelf(task).delete(found.id)
  return jsonReply(200, { request_id: found.id, status: 'completed' })
}

function cancel(task: Task): Reply {
  const found = find(task)
  if (found === undefined) return notFound(task.world)
  shelf(task).delete(found.id)
  return emptyReply(204)
}

function shelf(task: Task) {
  return task.world.shelf<Verification>('verify2')
}

function find(task: Task): Verification | undefined {
  const found = shelf(task).get(task.params['id'])
  return found?.account === task.caller.account.key ? found : undefined
}
