import { unreachable } from '../../../kernel/errors.ts'
import type { EmulatedAccount, EmulatedSecret } from '../emulated-account.ts'
import type { Operation, Task } from '../operation.ts'
import { invalidApiKey, invalidId, lastSecret, slotsFull, weakSecret } from '../problem.ts'
import { emptyReply, jsonReply, type Reply } from '../reply.ts'
import { rfc3339 } from '../world.ts'
import { managementFamily } from './families.ts'

const PATH = '/accounts/:key/secrets'

/** Secret Management: a caller manages its own account, or one of its secondary accounts. */
export const secretOperations: readonly Operation[] = [
  operation('list', 'GET', PATH, list),
  operation('create', 'POST', PATH, create),
  operation('get', 'GET', `${PATH}/:id`, get),
  operation('revoke', 'DELETE', `${PATH}/:id`, revoke),
]

function operation(
  verb: string,
  method: string,
  path: string,
  perform: (task: Task, account: EmulatedAccount) => Reply,
): Operation {
  return {
    name: `secrets.${verb}`,
    family: managementFamily,
    methods: [method],
    path,
    perform(task) {
      const key = task.params['key'] ?? ''
      const account = task.world.accounts.get(key)
      const mayManage =
        key === task.caller.account.key || account?.primary === task.caller.account.key
      if (account === undefined || !mayManage) return invalidApiKey(task.world, key)
      return perform(task, account)
    },
  }
}

/** As old as the list lag says, the newest first: clients must not rely on the order. */
function list({ world }: Task, account: EmulatedAccount): Reply {
  const atMs = world.clock.now() - world.settings.listLagMs
  const secrets = account.secrets.filter((secret) => secret.existedAt(atMs)).toReversed()
  return jsonReply(200, {
    _links: { self: { href: `/accounts/${account.key}/secrets` } },
    _embedded: { secrets: secrets.map((secret) => item(account, secret)) },
  })
}

function create({ world, call }: Task, account: EmulatedAccount): Reply {
  const value = call.json['secret']
  if (typeof value !== 'string') return weakSecret(world, 'Is required')
  const { settings } = world
  if (settings.refuseNextValues > 0) {
    world.settings = { ...settings, refuseNextValues: settings.refuseNextValues - 1 }
    return weakSecret(world, 'Does not meet complexity requirements')
  }
  const nowMs = world.clock.now()
  const outcome = account.add(world.uuid(), value, settings, nowMs)
  switch (outcome.kind) {
    case 'created': {
      const { id } = outcome.secret
      world.journal.act({
        atMs: nowMs,
        account: account.key,
        secretId: id,
        act: 'created',
        by: 'api',
      })
      return jsonReply(201, item(account, outcome.secret))
    }
    case 'weak':
      return weakSecret(world, 'Does not meet complexity requirements')
    case 'duplicate':
      return weakSecret(world, 'Already exists')
    case 'slots-full':
      return slotsFull(world)
    default:
      return unreachable(outcome)
  }
}

function get({ world, params }: Task, account: EmulatedAccount): Reply {
  const id = params['id'] ?? ''
  const secret = account.live.find((each) => each.id === id)
  return secret === undefined ? invalidId(world, id) : jsonReply(200, item(account, secret))
}

function revoke({ world, params }: Task, account: EmulatedAccount): Reply {
  const id = params['id'] ?? ''
  const nowMs = world.clock.now()
  const outcome = account.remove(id, nowMs)
  switch (outcome) {
    case 'revoked':
      world.journal.act({
        atMs: nowMs,
        account: account.key,
        secretId: id,
        act: 'revoked',
        by: 'api',
      })
      return emptyReply(204)
    case 'absent':
      return invalidId(world, id)
    case 'last-secret':
      return lastSecret(world)
    default:
      return unreachable(outcome)
  }
}

function item(account: EmulatedAccount, { id, createdAtMs }: EmulatedSecret): unknown {
  return {
    _links: { self: { href: `/accounts/${account.key}/secrets/${id}` } },
    id,
    created_at: rfc3339(createdAtMs),
  }
}
