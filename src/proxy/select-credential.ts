import { RefusedError } from '../kernel/errors.ts'
import type { CallerParts } from './caller-parts.ts'
import type { CompiledAccount, CompiledEndpoint, CompiledRoute } from './compile-routes.ts'
import type { CredentialView } from './credential-view.ts'
import { materialOf, type Placement } from './placement.ts'
import { presentedKeys } from './presented-keys.ts'

/** Whether a refused request could be sent again with another version of one of the route's credentials. */
export function hasFallback({ onlyView, accounts }: CompiledRoute): boolean {
  return onlyView === null ? accounts.some(({ view }) => view.hasFallback) : onlyView.hasFallback
}

/**
 * The account that a request uses: the only one of its route, or the one whose public key the caller has written,
 * wherever a credential may stand, or whose token it has sent. The path decides where nothing else names one.
 * @throws RefusedError `credential-unknown` when no account is named, an unknown one, or two
 */
export function selectAccount(
  { only, accounts }: CompiledRoute,
  endpoint: CompiledEndpoint,
  parts: CallerParts,
): CompiledAccount {
  if (only !== null) return only
  const keys = presentedKeys(endpoint, parts)
  const owners = ownersOf(accounts, endpoint, parts)
  const isNamed = keys.length > 0 || owners.length > 0
  const named = (owners.length > 0 ? owners : accounts).filter(
    (account) =>
      keys.every(({ word, value }) => account.publicValues[word] === value) &&
      (isNamed || isInPath(account, endpoint, parts)),
  )
  const [account, ...others] = named
  if (account !== undefined && others.length === 0) return account
  throw new RefusedError(
    'credential-unknown',
    !isNamed
      ? 'the route has several credentials: name one by its public key'
      : 'no credential of the route has the public key that the request names',
  )
}

/**
 * Whose secret stands in a placement: the account's own, or a further one that the placement asks for.
 * @throws RefusedError `credential-unknown` when there are several and the caller names none of them
 */
export function selectView(
  { onlyView }: CompiledRoute,
  account: CompiledAccount,
  placement: Placement,
  { head }: CallerParts,
): CredentialView {
  const from = materialOf(placement)
  if (from === null) return onlyView ?? account.view
  const materials = account.materials.get(from) ?? []
  const [only] = materials
  if (materials.length === 1 && only !== undefined) return only.view
  const isNamed = placement.kind === 'signed' ? placement.signer.named?.(head.fields) : null
  const found = isNamed == null ? undefined : materials.find((each) => isNamed(each.publicValues))
  if (found !== undefined) return found.view
  throw new RefusedError(
    'credential-unknown',
    `the request names none of the \`${from}\` of the credential`,
  )
}

/** Those of whose keys the caller's token is one; read once, whatever the number of accounts. */
function ownersOf(
  accounts: readonly CompiledAccount[],
  { placements }: CompiledEndpoint,
  { head }: CallerParts,
): readonly CompiledAccount[] {
  const owners = placements.flatMap((place) => {
    const isNamed = place.kind === 'signed' ? place.signer.named?.(head.fields) : null
    if (place.kind !== 'signed' || isNamed == null) return []
    return accounts.filter(({ materials }) =>
      materials.get(place.from ?? '')?.some(({ publicValues }) => isNamed(publicValues)),
    )
  })
  return [...new Set(owners)]
}

function isInPath(
  { publicValues }: CompiledAccount,
  { keyPath }: CompiledEndpoint,
  { path }: CallerParts,
): boolean {
  if (keyPath === null) return false
  const own = keyPath.replaceAll(/\{(\w+)\}/g, (whole, word: string) => publicValues[word] ?? whole)
  return path === own || path.startsWith(`${own}/`)
}
