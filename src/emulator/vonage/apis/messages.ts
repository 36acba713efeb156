import type { Operation, Task } from '../operation.ts'
import { invalidParameters } from '../problem.ts'
import { emptyReply, jsonReply, type Reply } from '../reply.ts'
import { messagesFamily as family } from './families.ts'

const REQUIRED = ['message_type', 'to', 'from', 'channel']

/** Messages v1: accepts any message that names its parties, its channel and its type. */
export const messagesOperations: readonly Operation[] = [
  { name: 'messages.send', family, methods: ['POST'], path: '/v1/messages', perform: send },
  {
    name: 'messages.change',
    family,
    methods: ['PATCH'],
    path: '/v1/messages/:id',
    perform: () => emptyReply(200),
  },
]

function send({ world, call }: Task): Reply {
  const missing = REQUIRED.find((name) => typeof call.json[name] !== 'string')
  if (missing !== undefined) return invalidParameters(world, 422, missing, 'Is required')
  return jsonReply(202, { message_uuid: world.uuid() })
}
