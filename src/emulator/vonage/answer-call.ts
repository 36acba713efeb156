import { type Attempt, authenticate } from './authenticate.ts'
import type { Call } from './call.ts'
import type { Operation, OperationTable } from './operation.ts'
import { multipleAuthMethods, notFound } from './problem.ts'
import type { Reply } from './reply.ts'
import type { LagHost } from './settings.ts'
import type { World } from './world.ts'

/** What a call came to. */
interface Outcome {
  readonly reply: Reply
  /** Null where nothing answers at that path. */
  readonly attempt: Attempt | null
}

/** A call that has been understood and not yet performed, so that a fault can come in between. */
export interface Understood {
  readonly operation: Operation | null
  /** The accounts that it names, in its credentials or in its path. */
  accounts(): readonly string[]
  perform(): Outcome
}

/** Finds what a call asks for. Nothing happens before `perform`. */
export function understand(world: World, table: OperationTable, call: Call): Understood {
  const found = table.find(call)
  if (found === null) {
    const perform = (): Outcome => ({ reply: notFound(world), attempt: null })
    return { operation: null, accounts: () => [], perform }
  }
  const { operation, params } = found
  const { family } = operation
  const host = hostOf(call, family.host)
  return {
    operation,
    accounts: () => accountsOf(call, params['key']),
    perform() {
      const attempt = authenticate(world, call, family.placements, host)
      const { account, secret } = attempt
      if (attempt.kind === 'multiple') {
        return { reply: multipleAuthMethods(world), attempt }
      }
      if (attempt.kind !== 'accepted' || account === null) {
        world.journal.authFailure(family.name)
        return { reply: family.refuse(world, call, attempt), attempt }
      }
      const uses = world.journal.processed(operation.name)
      if (secret !== null && !isProbe(operation)) secret.trafficOrder = uses
      const reply = operation.perform({ world, call, caller: { account }, params })
      return { reply, attempt }
    },
  }
}

/** Management calls and the balance are what a rotation asks for itself; the rest is traffic. */
function isProbe({ name, family }: Operation): boolean {
  return family.name === 'secrets' || name === 'account.balance'
}

/** A client that names a real host is believed; behind any other name the family's own host counts. */
function hostOf(call: Call, familyHost: LagHost): LagHost {
  const named = call.namedHost
  if (named === null) return familyHost
  return named === 'rest' ? 'rest' : 'api'
}

function accountsOf(call: Call, pathKey: string | undefined): readonly string[] {
  const basic = /^basic +(\S+)/i.exec(call.headers.authorization ?? '')?.[1]
  const user = basic && Buffer.from(basic, 'base64').toString('utf8').split(':')[0]
  return [pathKey, user, call.param('api_key')].filter((key) => key !== undefined)
}
