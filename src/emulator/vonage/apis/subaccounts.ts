import { EmulatedAccount } from '../emulated-account.ts'
import type { Operation, Task } from '../operation.ts'
import { invalidApiKey, invalidParameters, unprovisioned } from '../problem.ts'
import { jsonReply, type Reply } from '../reply.ts'
import type { World } from '../world.ts'
import { managementFamily } from './families.ts'

const PATH = '/accounts/:key/subaccounts'
const NAME_MAX = 80

/** Secondary accounts of a primary; one level only. Creating one is the one call that returns a secret. */
export const subaccountOperations: readonly Operation[] = [
  operation('list', 'GET', PATH, list),
  operation('create', 'POST', PATH, create),
  operation('get', 'GET', `${PATH}/:sub`, (task) => withSub(task, () => undefined)),
  operation('change', 'PATCH', `${PATH}/:sub`, (task) => withSub(task, change)),
]

function operation(
  verb: string,
  method: string,
  path: string,
  perform: (task: Task) => Reply,
): Operation {
  return {
    name: `subaccounts.${verb}`,
    family: managementFamily,
    methods: [method],
    path,
    perform(task) {
      const { account } = task.caller
      const key = task.params['key'] ?? ''
      if (key !== account.key) return invalidApiKey(task.world, key)
      if (account.primary !== null) return unprovisioned(task.world, account.key)
      return perform(task)
    },
  }
}

function list({ world, caller }: Task): Reply {
  const primary = caller.account
  const subaccounts = [...world.accounts.values()].filter((each) => each.primary === primary.key)
  return jsonReply(200, {
    _links: { self: { href: `/accounts/${primary.key}/subaccounts` } },
    total_balance: 10.28,
    total_credit_limit: 0,
    _embedded: {
      primary_account: describe(primary),
      subaccounts: subaccounts.map(describe),
    },
  })
}

function create({ world, call, caller }: Task): Reply {
  const { name, secret = `Sub1${world.random.id().slice(0, 20)}` } = call.json
  if (typeof name !== 'string' || name === '' || name.length > NAME_MAX) {
    return invalidParameters(world, 422, 'name', 'Is required, and has at most 80 characters')
  }
  const account = new EmulatedAccount(newKey(world), caller.account.key, name, world.clock.now())
  const value = typeof secret === 'string' ? secret : ''
  const added = account.add(world.uuid(), value, world.settings, world.clock.now())
  if (added.kind !== 'created') {
    return invalidParameters(world, 422, 'secret', 'Does not meet complexity requirements')
  }
  world.accounts.set(account.key, account)
  world.journal.act({
    atMs: world.clock.now(),
    account: account.key,
    secretId: added.secret.id,
    act: 'created',
    by: 'api',
  })
  return jsonReply(200, { ...describe(account), secret: value })
}

function withSub(task: Task, use: (sub: EmulatedAccount, task: Task) => void): Reply {
  const { world, caller, params } = task
  const sub = world.accounts.get(params['sub'] ?? '')
  if (sub === undefined || sub.primary !== caller.account.key) {
    return invalidApiKey(world, params['sub'] ?? '')
  }
  use(sub, task)
  return jsonReply(200, describe(sub))
}

function change(sub: EmulatedAccount, { call }: Task): void {
  const { name, suspended } = call.json
  if (typeof name === 'string') sub.name = name
  if (typeof suspended === 'boolean') sub.suspended = suspended
}

/** Balances are null while the primary's balance is used; here the milliseconds are shown. */
function describe(account: EmulatedAccount) {
  const isSub = account.primary !== null
  return {
    api_key: account.key,
    name: account.name,
    ...(isSub
      ? { primary_account_api_key: account.primary, use_primary_account_balance: true }
      : {}),
    created_at: new Date(account.createdAtMs).toISOString(),
    suspended: account.suspended,
    balance: isSub ? null : 10.28,
    credit_limit: isSub ? null : 0,
  }
}

function newKey(world: World): string {
  return world.random.id().slice(0, 8)
}
