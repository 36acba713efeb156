import type { ManagementAuth } from '../../../src/kernel/ports/provider.ts'
import { SecretValue } from '../../../src/kernel/secret-value.ts'
import type { SeededRandom } from '../../fakes/random.ts'
import { Recorder } from '../history.ts'
import type { AccountPlan } from '../plan.ts'
import { SimAccount } from './sim-account.ts'
import { type StoreDefects, SimStoreState } from './sim-store-state.ts'
import type { VirtualTime } from './virtual-time.ts'

/** An account that manages another, and that nobody here rotates. */
const PARENT: ManagementAuth = { account: 'parent01', secret: new SecretValue('ParentSecret1') }
const ACCOUNTS = ['a1b2c3d4', 'e5f6a7b8', 'c9d0e1f2']

export interface SimCredentialOptions {
  readonly time: VirtualTime
  readonly random: SeededRandom
  readonly plan: AccountPlan
  /** The position among the accounts of the world. */
  readonly position: number
  /** Who manages the account; null: itself. */
  readonly managedBy: SimCredential | 'parent' | null
  readonly proofOfDeathMs: number
  readonly defects: StoreDefects
}

/** One credential of a world: its account at the provider, its record in the store, and all that happened to them. */
export class SimCredential {
  readonly credentialId: string
  readonly accountName: string
  readonly bootstrap: string
  readonly plan: AccountPlan
  readonly history = new Recorder()
  readonly account: SimAccount
  readonly store: SimStoreState
  /** As the engine is told: see `EngineCredential`. */
  readonly managedBy: ManagementAuth | string | null

  constructor(options: SimCredentialOptions) {
    const { time, random, plan, position, managedBy, proofOfDeathMs, defects } = options
    this.credentialId = position === 0 ? 'vonage' : `secondary-${position}`
    this.accountName = ACCOUNTS[position] ?? `account${position}`
    this.bootstrap = `Bootstrap${position}Secret0OfTheApp`
    this.plan = plan
    this.managedBy = managedBy instanceof SimCredential ? managedBy.credentialId : null
    if (managedBy === 'parent') this.managedBy = PARENT
    const manager = managedBy === 'parent' ? isParent : managedBy && managerOf(managedBy)
    const habits = { ...plan, manager }
    this.account = new SimAccount(time, random, this.history, habits, this.bootstrap)
    this.store = new SimStoreState(time, this.history, proofOfDeathMs, defects)
    // A stage in which no request met the hidden service finds nothing, and must not cost requests later.
    this.store.wrote = ({ current }) => this.account.refuseNoHalf(current.value.expose())
  }
}

function isParent({ account, secret }: ManagementAuth): boolean {
  return account === PARENT.account && secret.equals(PARENT.secret)
}

/** The management API knows a primary by each of its working secrets. */
function managerOf(primary: SimCredential) {
  return ({ account, secret }: ManagementAuth): boolean =>
    account === primary.accountName && primary.account.accepts(secret.expose(), 0)
}
