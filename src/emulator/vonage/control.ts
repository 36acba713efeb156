import type { SecretValue } from '../../kernel/secret-value.ts'
import type { EmulatedAccount } from './emulated-account.ts'
import type { FaultOrder } from './fault-desk.ts'
import type { JournalEntry, SecretAct } from './journal.ts'
import { changeSettings, type SettingsChange } from './settings.ts'
import { rfc3339, type SeedApplication, type World } from './world.ts'

/** Which secret is meant: `last-used` is the one that traffic uses now, or its id. */
export type SecretChoice = 'last-used' | 'newest' | 'oldest' | (string & {})

/** Why an order from outside can't be carried out. */
export class ControlError extends Error {
  readonly reason:
    | 'unknown-account'
    | 'unknown-secret'
    | 'last-secret'
    | 'weak'
    | 'duplicate'
    | 'slots-full'
    | 'bad-key'

  constructor(reason: ControlError['reason'], message: string) {
    super(message)
    this.name = 'ControlError'
    this.reason = reason
  }
}

/** Turns the knobs of an emulator and reads its gauges: typed for tests, over HTTP for everybody else. */
export class EmulatorControl {
  readonly #world: World

  constructor(world: World) {
    this.#world = world
  }

  /** Changes settings; members that are not named stay. */
  configure(change: SettingsChange): void {
    this.#world.settings = changeSettings(this.#world.settings, change)
  }

  /** Arms a fault for the next call, or the next `times` calls, of an operation. */
  fault(order: FaultOrder): void {
    this.#world.faults.order(order)
  }

  /**
   * Accepts tokens of an application from now on, and of its new key alone where it is known.
   * @throws ControlError `unknown-account`, `bad-key`
   */
  enrol(application: SeedApplication): void {
    this.#account(application.account)
    try {
      this.#world.enrol(application)
    } catch {
      throw new ControlError('bad-key', 'the text is no public key in PEM')
    }
  }

  clearFaults(): void {
    this.#world.faults.clear()
  }

  /**
   * Revokes a secret behind the client's back, as somebody in the dashboard would; answers with its id.
   * The last one is revoked only with `force`.
   * @throws ControlError `unknown-account`, `unknown-secret`, `last-secret`
   */
  revoke(key: string, choice: SecretChoice = 'last-used', force = false): string {
    const account = this.#account(key)
    const id = choose(account, choice)
    const atMs = this.#world.clock.now()
    const outcome = account.remove(id, atMs, force)
    if (outcome === 'absent') throw new ControlError('unknown-secret', `no live secret ${choice}`)
    if (outcome === 'last-secret') {
      throw new ControlError('last-secret', 'it is the last secret; use force to leave none')
    }
    this.#world.journal.act({ atMs, account: key, secretId: id, act: 'revoked', by: 'control' })
    return id
  }

  /**
   * Creates a secret behind the client's back; answers with its id.
   * @throws ControlError `unknown-account`, `weak`, `duplicate`, `slots-full`
   */
  create(key: string, value?: string): string {
    const world = this.#world
    const atMs = world.clock.now()
    const chosen = value ?? `Foreign1${world.random.id().slice(0, 16)}`
    const outcome = this.#account(key).add(world.uuid(), chosen, world.settings, atMs)
    if (outcome.kind !== 'created') {
      throw new ControlError(outcome.kind, `the secret was not created: ${outcome.kind}`)
    }
    const { id } = outcome.secret
    world.journal.act({ atMs, account: key, secretId: id, act: 'created', by: 'control' })
    return id
  }

  /** Counts requests that hold this text anywhere, decoded Basic included. */
  watchFor(text: string): void {
    this.#world.journal.watchFor(text)
  }

  /**
   * The values of an account's secrets, recently revoked ones included: for a search for leaks. In process only; over
   * HTTP no value is ever shown.
   * @throws ControlError `unknown-account`
   */
  values(key: string): readonly SecretValue[] {
    return this.#account(key).secrets.map(({ value }) => value)
  }

  /** The newest calls, the newest last; never a value. */
  requests(max?: number): readonly JournalEntry[] {
    return this.#world.journal.entries(max)
  }

  /** Every secret that came or went since the start. */
  acts(): readonly SecretAct[] {
    return this.#world.journal.acts
  }

  /** Accounts, secrets by id, settings, armed faults and counters; never a value. */
  state() {
    const { accounts, settings, faults, journal } = this.#world
    return {
      accounts: [...accounts.values()].map((account) => this.#describe(account)),
      settings,
      faults: faults.pending.map(({ fault, left }) => ({ ...fault, left })),
      counters: journal.counters,
    }
  }

  #describe(account: EmulatedAccount) {
    const { settings, clock } = this.#world
    const nowMs = clock.now()
    return {
      key: account.key,
      primary: account.primary,
      suspended: account.suspended,
      secrets: account.secrets.map((secret) => ({
        id: secret.id,
        createdAt: rfc3339(secret.createdAtMs),
        revokedAt: secret.revokedAtMs === null ? null : rfc3339(secret.revokedAtMs),
        live: secret.revokedAtMs === null,
        accepted: {
          api: secret.isAccepted('api', settings, nowMs),
          rest: secret.isAccepted('rest', settings, nowMs),
        },
        requests: secret.requests,
        lastUsedAt: secret.lastUsedAtMs === null ? null : rfc3339(secret.lastUsedAtMs),
      })),
    }
  }

  #account(key: string): EmulatedAccount {
    const account = this.#world.accounts.get(key)
    if (account === undefined) throw new ControlError('unknown-account', `no account ${key}`)
    return account
  }
}

function choose(account: EmulatedAccount, choice: SecretChoice): string {
  const { live } = account
  switch (choice) {
    case 'newest':
      return live.at(-1)?.id ?? ''
    case 'oldest':
      return live[0]?.id ?? ''
    case 'last-used':
      return live.toSorted((a, b) => b.trafficOrder - a.trafficOrder)[0]?.id ?? ''
    default:
      return choice
  }
}
