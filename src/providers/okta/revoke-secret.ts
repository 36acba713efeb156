import type { ListedSecret, RevokeAnswer } from '../../kernel/ports/provider.ts'
import { isSuccess, UNAVAILABLE } from '../rest/common-answer.ts'
import type { RestAnswer } from '../rest/rest-client.ts'
import { classifyFailure, classifyList } from './classify-answer.ts'
import type { SendSecretsCall } from './provider.ts'

/**
 * Deactivates, then deletes: an active secret is not deleted. The texts of both refusals are not published, so where
 * one is met the list decides what it meant.
 */
export async function revokeSecret(
  send: SendSecretsCall,
  secretId: string,
  nowMs: () => number,
  signal: AbortSignal,
): Promise<RevokeAnswer> {
  const path = `/${encodeURIComponent(secretId)}`
  const deactivate = `${path}/lifecycle/deactivate`
  const deactivated = await send({ method: 'POST', path: deactivate }, signal)
  if (!isDone(deactivated)) {
    if (!isRefusal(deactivated)) return classifyFailure(deactivated, nowMs())
    const meaning = await explain(send, secretId, nowMs, signal)
    if (meaning !== 'inactive') return meaning
  }
  const deleted = await send({ method: 'DELETE', path }, signal)
  if (isDone(deleted)) return { kind: 'revoked' }
  if (!isRefusal(deleted)) return classifyFailure(deleted, nowMs())
  const meaning = await explain(send, secretId, nowMs, signal)
  return meaning === 'inactive' ? UNAVAILABLE : meaning
}

function isDone(answer: RestAnswer | null): boolean {
  return answer !== null && isSuccess(answer)
}

/** The API has understood the call and says no: the id, or the state of the secret, is the reason. */
function isRefusal(answer: RestAnswer | null): boolean {
  return answer !== null && [400, 403, 404, 405, 409].includes(answer.status)
}

async function explain(
  send: SendSecretsCall,
  secretId: string,
  nowMs: () => number,
  signal: AbortSignal,
): Promise<RevokeAnswer | 'inactive'> {
  const listed = classifyList(await send({ method: 'GET' }, signal), nowMs())
  if (listed.kind !== 'listed') return listed
  const secret = listed.secrets.find((one) => one.secretId === secretId)
  if (secret === undefined) return { kind: 'absent' }
  if (!secret.active) return 'inactive'
  return isLastActive(secret, listed.secrets) ? { kind: 'last-secret' } : { kind: 'forbidden' }
}

function isLastActive(secret: ListedSecret, secrets: readonly ListedSecret[]): boolean {
  return secrets.every((other) => other === secret || !other.active)
}
