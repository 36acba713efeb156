import type { Operation, Task } from '../operation.ts'
import { invalidParameters, notFound } from '../problem.ts'
import { emptyReply, jsonReply, type Reply } from '../reply.ts'
import { basicFamily } from './families.ts'

const family = basicFamily('applications')
const PATH = '/v2/applications'

interface Application {
  readonly id: string
  readonly account: string
  readonly members: Readonly<Record<string, unknown>>
}

/** Application v2: keeps what it is given, without making keys. */
export const applicationOperations: readonly Operation[] = [
  { name: 'applications.list', family, methods: ['GET'], path: PATH, perform: list },
  { name: 'applications.create', family, methods: ['POST'], path: PATH, perform: create },
  { name: 'applications.get', family, methods: ['GET'], path: `${PATH}/:id`, perform: get },
  { name: 'applications.change', family, methods: ['PUT'], path: `${PATH}/:id`, perform: change },
  {
    name: 'applications.delete',
    family,
    methods: ['DELETE'],
    path: `${PATH}/:id`,
    perform: remove,
  },
]

function list(task: Task): Reply {
  const own = shelf(task)
    .all()
    .filter(({ account }) => account === task.caller.account.key)
  return jsonReply(200, {
    page_size: 10,
    page: 1,
    total_items: own.length,
    total_pages: 1,
    _links: { self: { href: PATH } },
    _embedded: { applications: own.map(describe) },
  })
}

function create(task: Task): Reply {
  const { world, call, caller } = task
  if (typeof call.json['name'] !== 'string') {
    return invalidParameters(world, 422, 'name', 'Is required')
  }
  const id = world.uuid()
  const application = { id, account: caller.account.key, members: call.json }
  shelf(task).set(id, application)
  return jsonReply(201, describe(application))
}

function get(task: Task): Reply {
  const found = find(task)
  return found === undefined ? notFound(task.world) : jsonReply(200, describe(found))
}

function change(task: Task): Reply {
  const found = find(task)
  if (found === undefined) return notFound(task.world)
  const changed = { ...found, members: task.call.json }
  shelf(task).set(found.id, changed)
  return jsonReply(200, describe(changed))
}

function remove(task: Task): Reply {
  const found = find(task)
  if (found === undefined) return notFound(task.world)
  shelf(task).delete(found.id)
  return emptyReply(204)
}

function shelf(task: Task) {
  return task.world.shelf<Application>('applications')
}

function find(task: Task): Application | undefined {
  const found = shelf(task).get(task.params['id'])
  return found?.account === task.caller.account.key ? found : undefined
}

function describe({ id, members }: Application): unknown {
  return { capabilities: {}, ...members, id, _links: { self: { href: `${PATH}/${id}` } } }
}
