import type { Operation, Task } from '../operation.ts'
import { emptyReply, jsonReply, type Reply } from '../reply.ts'
import { tokenFamily, videoFamily } from './families.ts'

const voice = tokenFamily('voice')
const conversations = tokenFamily('conversations')
const users = tokenFamily('users')
const meetings = tokenFamily('meetings')

/** APIs that take a JSON web token only. Each does no more than show that it was taken. */
export const tokenOperations: readonly Operation[] = [
  { name: 'voice.create', family: voice, methods: ['POST'], path: '/v1/calls', perform: call },
  {
    name: 'voice.list',
    family: voice,
    methods: ['GET'],
    path: '/v1/calls',
    perform: () => jsonReply(200, { count: 0, page_size: 10, _embedded: { calls: [] } }),
  },
  {
    name: 'voice.get',
    family: voice,
    methods: ['GET'],
    path: '/v1/calls/:id',
    perform: ({ params }) => jsonReply(200, { uuid: params['id'], status: 'completed' }),
  },
  {
    name: 'voice.change',
    family: voice,
    methods: ['PUT'],
    path: '/v1/calls/:id',
    perform: () => emptyReply(204),
  },
  {
    name: 'video.create',
    family: videoFamily,
    methods: ['POST'],
    path: '/session/create',
    perform: ({ world }) => jsonReply(200, [{ session_id: world.uuid(), media_server_url: '' }]),
  },
  {
    name: 'video.project',
    family: videoFamily,
    methods: ['GET', 'POST'],
    path: '/v2/project/:application/:what',
    perform: () => jsonReply(200, { count: 0, items: [] }),
  },
  {
    name: 'conversations.list',
    family: conversations,
    methods: ['GET'],
    path: '/v1/conversations',
    perform: () => jsonReply(200, { page_size: 10, _embedded: { conversations: [] } }),
  },
  {
    name: 'users.list',
    family: users,
    methods: ['GET'],
    path: '/v1/users',
    perform: () => jsonReply(200, { page_size: 10, _embedded: { users: [] } }),
  },
  {
    name: 'meetings.rooms',
    family: meetings,
    methods: ['GET'],
    path: '/meetings/rooms',
    perform: () => jsonReply(200, { page_size: 10, _embedded: [] }),
  },
]

function call({ world }: Task): Reply {
  return jsonReply(201, {
    uuid: world.uuid(),
    status: 'started',
    direction: 'outbound',
    conversation_uuid: `CON-${world.uuid()}`,
  })
}
