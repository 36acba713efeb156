import { isDeepStrictEqual } from 'node:util'
import { unreachable } from '../kernel/errors.ts'
import type { Injection, RouteAccount, Template } from '../kernel/route.ts'
import { unknownCredential } from './check-credentials.ts'
import type { Findings } from './findings.ts'
import { Refusal } from './refusal.ts'
import type { Credential } from './types.ts'
import type { Path } from './yaml-document.ts'

interface Known {
  readonly credentials: ReadonlyMap<string, Credential>
  /** Every id of the file, those of entries with errors included. */
  readonly credentialIds: ReadonlySet<string>
  readonly findings: Findings
}

/** The credentials of a route, the first one first; null where there is none that is free of errors. */
export function findCredentials(
  keys: {
    readonly credential?: string | undefined
    readonly credentials?: readonly string[] | undefined
  },
  path: Path,
  { credentials, credentialIds, findings }: Known,
): readonly [Credential, ...Credential[]] | null {
  const { credential: one, credentials: several } = keys
  if (one === undefined && several === undefined) {
    findings.error([...path, 'credential'], new Refusal('is missing', 'add `credential` here'))
    return null
  }
  if (one !== undefined && several !== undefined) {
    const refusal = new Refusal('stands beside `credential`', 'keep one of them')
    findings.error([...path, 'credentials'], refusal)
    return null
  }
  const named =
    several?.map((id, index) => ({ id, at: [...path, 'credentials', index] })) ??
    [one ?? []].flat().map((id) => ({ id, at: [...path, 'credential'] }))
  for (const { id, at } of named) {
    if (!credentialIds.has(id)) findings.error(at, unknownCredential(id, [...credentialIds]))
  }
  const found = named.flatMap(({ id }) => credentials.get(id) ?? [])
  const [first, ...others] = found
  if (first === undefined || found.length < named.length) return null
  checkTold(found, [...path, 'credentials'], findings)
  return [first, ...others]
}

/** With several credentials the caller must be able to name one, in a place where one may stand. */
export function checkSelectable(
  credentials: readonly Credential[],
  injections: readonly Injection[],
  path: Path,
  findings: Findings,
): void {
  if (credentials.length === 1 || injections.some(holdsPublicWord)) return
  findings.error(
    [...path, 'credentials'],
    new Refusal(
      'can not be named by a caller',
      'inject a public word too, such as basic or query with {apiKey}',
    ),
  )
}

function holdsPublicWord(injection: Injection): boolean {
  switch (injection.kind) {
    case 'basic':
      return isPublicWord(injection.username)
    case 'query':
      return injection.parameters.some(({ template }) => isPublicWord(template))
    case 'form':
      return injection.fields.some(({ template }) => isPublicWord(template))
    case 'json':
      return injection.members.some(({ template }) => isPublicWord(template))
    case 'header':
    case 'bearer':
    case 'signed':
    case 'signed-parameters':
    case 'token':
    case 'substitute':
      return false
    default:
      return unreachable(injection)
  }
}

function isPublicWord(template: Template): boolean {
  return /^\{\w+\}$/.test(template) && template !== '{secret}'
}

/** What the proxy is told of each of them. */
export function accountsOf(credentials: readonly Credential[]): readonly RouteAccount[] {
  return credentials.map(({ id, publicValues, materials = [] }) => ({
    credentialId: id,
    publicValues,
    materials: materials.map(({ name, id: below, publicValues: words }) => ({
      name,
      credentialId: `${id}/${below}`,
      publicValues: words,
    })),
  }))
}

/** A request chooses by public words, so no two credentials may have the same ones. */
function checkTold(credentials: readonly Credential[], path: Path, findings: Findings): void {
  if (credentials.length === 1) return
  const isSame = ({ publicValues }: Credential, index: number) =>
    Object.keys(publicValues).length === 0 ||
    credentials.slice(0, index).some((other) => isDeepStrictEqual(other.publicValues, publicValues))
  if (!credentials.some(isSame)) return
  findings.error(
    path,
    new Refusal('can not be told apart by a public word', 'give each of them a route of its own'),
  )
}
