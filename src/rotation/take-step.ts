import { unreachable } from '../kernel/errors.ts'
import { abortLateCreate, abortVersion, buryVersion } from './abort-version.ts'
import type { Moment, RotatorDeps, Taken } from './context.ts'
import {
  bindPending,
  createVersion,
  prepareVersion,
  resendVersion,
  sightVersion,
} from './create-version.ts'
import { demoteVersion, promoteVersion, rollOutVersion, stageVersion } from './promote-version.ts'
import { finishRotation, goneVersion, retireVersion, revokeVersion } from './revoke-version.ts'
import {
  bindCurrent,
  bindPrevious,
  blockCredential,
  restampRecord,
  revokeAgain,
  unblockCredential,
} from './settle-record.ts'
import type { Step } from './step.ts'
import { listVersions, probeVersion, verifiedVersion } from './verify-version.ts'

/**
 * Carries out what the plan decided. Only looking, creating and revoking reach the provider; the
 * rest moves labels.
 */
export async function takeStep(deps: RotatorDeps, moment: Moment, step: Step): Promise<Taken> {
  switch (step.kind) {
    case 'wait':
      return { record: moment.record, seen: moment.seen }
    case 'list':
      return listVersions(deps, moment)
    case 'probe':
      return probeVersion(deps, moment, step.generation)
    case 'prepare':
      return prepareVersion(deps, moment)
    case 'resend':
      return resendVersion(moment)
    case 'create':
      return createVersion(deps, moment)
    case 'sight':
      return sightVersion(moment)
    case 'bind-pending':
      return bindPending(moment, step.secretId)
    case 'verify':
      return verifiedVersion(moment)
    case 'stage':
      return stageVersion(moment)
    case 'roll-out':
      return rollOutVersion(deps, moment)
    case 'promote':
      return promoteVersion(deps, moment)
    case 'demote':
      return demoteVersion(moment, true)
    case 'retire':
      return retireVersion(moment)
    case 'revoke':
      return revokeVersion(deps, moment)
    case 'revoke-again':
      return revokeAgain(moment)
    case 'gone':
      return goneVersion(moment)
    case 'finish':
      return finishRotation(moment)
    case 'abort':
      return abortVersion(moment)
    case 'abort-late':
      return abortLateCreate(moment, step.late)
    case 'bury':
      return buryVersion(moment, step.reason)
    case 'bind-current':
      return bindCurrent(moment, step.secretId)
    case 'bind-previous':
      return bindPrevious(moment, step.secretId)
    case 'block':
      return blockCredential(moment, step.reason, step.detail)
    case 'unblock':
      return unblockCredential(moment)
    case 'restamp':
      return restampRecord(moment)
    default:
      return unreachable(step)
  }
}
