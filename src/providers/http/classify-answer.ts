import { unreachable } from '../../kernel/errors.ts'
import type {
  CreateAnswer,
  ListAnswer,
  ListedSecret,
  ProviderFailure,
  RevokeAnswer,
} from '../../kernel/ports/provider.ts'
import { SecretValue } from '../../kernel/secret-value.ts'
import { commonFailure, isSuccess, UNAVAILABLE } from '../rest/common-answer.ts'
import type { RestAnswer } from '../rest/rest-client.ts'
import { retryAfterMs } from '../rest/retry-after.ts'
import { textAt, valuesAt } from './json-pointer.ts'
import type { HttpApi } from './keys.ts'
import { isMatch } from './matcher.ts'

type Operation = 'list' | 'create' | 'deactivate' | 'revoke'
type Meaning = HttpApi['errors'][number]['means']

/** An instant below this is in seconds. */
const EPOCH_MS_FROM = 100_000_000_000

/** Reads the answer to a list call. An unreadable list is `unavailable`, never an empty list. */
export function classifyList(api: HttpApi, answer: RestAnswer | null, nowMs: number): ListAnswer {
  const meaning = meaningOf(api, 'list', answer)
  if (answer === null || meaning !== null || !isSuccess(answer)) {
    return failureOf(meaning, answer, nowMs)
  }
  const [items] = valuesAt(answer.body, api.list.items)
  if (!Array.isArray(items)) return UNAVAILABLE
  const secrets = items.map((item) => readSecret(api, item))
  if (secrets.some((secret) => secret === null)) return UNAVAILABLE
  const listed = secrets.filter((secret) => secret !== null)
  return { kind: 'listed', secrets: listed.toSorted((a, b) => a.createdAtMs - b.createdAtMs) }
}

/** Reads the answer to a create call. A success that can't be read is `unavailable`: the list will tell. */
export function classifyCreate(
  api: HttpApi,
  answer: RestAnswer | null,
  nowMs: number,
): CreateAnswer {
  const meaning = meaningOf(api, 'create', answer)
  if (meaning === 'slots-full' || meaning === 'invalid-value') return { kind: meaning }
  if (answer === null || meaning !== null || !isSuccess(answer)) {
    return failureOf(meaning, answer, nowMs)
  }
  const secretId = textAt(answer.body, api.create.id)
  if (secretId === null || secretId === '') return UNAVAILABLE
  if (api.create.value === undefined) return { kind: 'created', secretId, value: null }
  const value = textAt(answer.body, api.create.value)
  if (value === null || value === '') return UNAVAILABLE
  return { kind: 'created', secretId, value: new SecretValue(value) }
}

/** Reads the answer to a revoke, or to the deactivation before it. `inactive`: it is deactivated already. */
export function classifyRevoke(
  api: HttpApi,
  operation: 'deactivate' | 'revoke',
  answer: RestAnswer | null,
  nowMs: number,
): RevokeAnswer | { readonly kind: 'inactive' } {
  const meaning = meaningOf(api, operation, answer)
  if (meaning === 'absent' || meaning === 'last-secret' || meaning === 'inactive') {
    return { kind: meaning }
  }
  if (answer !== null && meaning === null && isSuccess(answer)) return { kind: 'revoked' }
  return failureOf(meaning, answer, nowMs)
}

/** What the configuration says of an answer, first match first; it may call a 200 an error too. */
function meaningOf(api: HttpApi, operation: Operation, answer: RestAnswer | null): Meaning | null {
  if (answer === null) return null
  const found = api.errors.find(
    (error) => (error.on ?? operation) === operation && isMatch(answer, error),
  )
  return found?.means ?? null
}

/** What is left after a call's own refusals. One that belongs to another call has come from something else. */
function failureOf(
  meaning: Meaning | null,
  answer: RestAnswer | null,
  nowMs: number,
): ProviderFailure {
  switch (meaning) {
    case null:
      return commonFailure(answer, nowMs) ?? (answer?.status === 403 ? FORBIDDEN : UNAVAILABLE)
    case 'throttled':
      return answer === null
        ? UNAVAILABLE
        : { kind: meaning, retryAfterMs: retryAfterMs(answer, nowMs) }
    case 'unauthorized':
    case 'forbidden':
    case 'account-not-found':
    case 'unavailable':
      return { kind: meaning }
    case 'slots-full':
    case 'invalid-value':
    case 'last-secret':
    case 'absent':
    case 'inactive':
      return UNAVAILABLE
    default:
      return unreachable(meaning)
  }
}

const FORBIDDEN: ProviderFailure = { kind: 'forbidden' }

function readSecret({ list }: HttpApi, item: unknown): ListedSecret | null {
  const secretId = textAt(item, list.id)
  if (secretId === null || secretId === '') return null
  const createdAt = list.createdAt === undefined ? null : textAt(item, list.createdAt)
  const state = list.inactive === undefined ? null : textAt(item, list.inactive.json)
  const active = state === null || list.inactive?.in.includes(state) !== true
  return { secretId, createdAtMs: instantOf(createdAt), active }
}

/** 0 where nothing, or nothing readable, is told. */
function instantOf(text: string | null): number {
  if (text === null || !/^\d+$/.test(text)) return Date.parse(text ?? '') || 0
  const instant = Number(text)
  return instant < EPOCH_MS_FROM ? instant * 1000 : instant
}
