import { CommandRefusedError } from '../../src/kernel/errors.ts'
import type {
  AccountSecret,
  CredentialStatus,
  DryRun,
  RotationCommand,
  RotationControl,
  RotationPreview,
  SecretInspector,
  VersionStatus,
} from '../../src/kernel/ports/rotation-control.ts'

const CREATED_AT_MS = Date.parse('2026-11-01T08:00:00Z')

/** A credential at rest with a hot standby; `change` overrides what a test is about. */
export function credentialStatus(change: Partial<CredentialStatus> = {}): CredentialStatus {
  return {
    id: 'vonage',
    provider: 'vonage',
    phase: 'staged',
    reason: 'not-due',
    blocked: null,
    paused: false,
    versions: [
      {
        stage: 'current',
        id: 'ad6dc56f-07b5-46e1-a527-85530e625800',
        fingerprint: '9f8e7d6c5b4a',
        createdAtMs: CREATED_AT_MS,
        lastUsedAtMs: CREATED_AT_MS + 60_000,
      },
      {
        stage: 'pending',
        id: '3f8a1c20-5f3e-4e0c-9b52-0f4f6f1a2b3c',
        fingerprint: '0a1b2c3d4e5f',
        createdAtMs: CREATED_AT_MS + 3_600_000,
        lastUsedAtMs: null,
      },
    ],
    lastRotationAtMs: CREATED_AT_MS,
    nextRotationAtMs: CREATED_AT_MS + 30 * 86_400_000,
    ...change,
  }
}

/** Carries commands out at once: enough behaviour for what an operator sees. Static credentials refuse every command. */
export class FakeControl implements RotationControl, RotationPreview, SecretInspector {
  readonly commands: { readonly credentialId: string; readonly command: RotationCommand }[] = []
  #statuses: ReadonlyMap<string, CredentialStatus>
  #failure: Error | null = null

  constructor(...statuses: readonly CredentialStatus[]) {
    this.#statuses = new Map(statuses.map((status) => [status.id, status]))
  }

  /** From now on every call rejects with `error`; null ends it. */
  failWith(error: Error | null): void {
    this.#failure = error
  }

  async list(): Promise<readonly CredentialStatus[]> {
    if (this.#failure !== null) throw this.#failure
    return [...this.#statuses.values()]
  }

  async get(credentialId: string): Promise<CredentialStatus | null> {
    if (this.#failure !== null) throw this.#failure
    return this.#statuses.get(credentialId) ?? null
  }

  async command(credentialId: string, command: RotationCommand): Promise<CredentialStatus> {
    const status = await this.get(credentialId)
    if (status === null) throw new CommandRefusedError('there is no such credential')
    if (status.phase === 'static') {
      throw new CommandRefusedError('somebody else rotates this credential')
    }
    if (command.kind === 'retry' && status.blocked === null) {
      throw new CommandRefusedError('it is not blocked')
    }
    this.commands.push({ credentialId, command })
    const changed = carriedOut(status, command)
    this.#statuses = new Map([...this.#statuses, [credentialId, changed]])
    return changed
  }

  async dryRun(credentialId: string, emergency: boolean): Promise<DryRun> {
    const status = await this.get(credentialId)
    if (status === null || status.phase === 'static') {
      throw new CommandRefusedError('somebody else rotates this credential')
    }
    const reason = emergency ? 'emergency' : 'requested'
    const at = { afterMs: 0, phase: status.phase, secret: null, forMs: 0 }
    return { steps: [{ ...at, step: 'promote', reason }], stopsFor: status.blocked?.reason ?? null }
  }

  async secrets(credentialId: string, verify: boolean): Promise<readonly AccountSecret[]> {
    const status = await this.get(credentialId)
    if (status === null || status.phase === 'static') {
      throw new CommandRefusedError('somebody else rotates this credential')
    }
    return status.versions.map((version) => atProvider(version, verify))
  }
}

function atProvider({ id, createdAtMs, stage }: VersionStatus, verify: boolean): AccountSecret {
  return { id, createdAtMs, active: true, stage, verdict: verify ? 'accepted' : null }
}

function carriedOut(status: CredentialStatus, command: RotationCommand): CredentialStatus {
  switch (command.kind) {
    case 'rotate':
      return { ...status, phase: 'promoted', reason: 'drain' }
    case 'pause':
      return { ...status, paused: true }
    case 'resume':
      return { ...status, paused: false }
    case 'abort':
      return { ...status, phase: 'aborting', reason: 'operator' }
    case 'retry':
    case 'create':
    case 'adopt':
      return { ...status, blocked: null }
    case 'revoke':
      return {
        ...status,
        versions: status.versions.filter((version) => version.id !== command.secretId),
      }
  }
}
