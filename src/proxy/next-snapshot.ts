import type { CredentialVersions, LiveVersion } from '../kernel/credential.ts'
import { tries } from './choose-candidates.ts'
import type { Candidate, CredentialSnapshot } from './credential-snapshot.ts'
import type { Echo } from './mask-echo.ts'
import { echoesOf, echoForms, together } from './render-credential.ts'
import { isSame, VersionCandidate } from './version-candidate.ts'
import type { VersionUses } from './version-uses.ts'

/**
 * What requests use from now on. Sources are read more often than they change: what says the same stays the same object,
 * with the forms and patterns that requests have made of it.
 * @param leaving versions that are gone, but must not be shown yet
 * @param uses where those of the credential are noted
 */
export function nextSnapshot(
  before: CredentialSnapshot | null,
  { versions, publicValues, echoes }: CredentialVersions,
  leaving: readonly LiveVersion[],
  uses: VersionUses,
): CredentialSnapshot {
  const known = new Map(before?.candidates.map((each) => [each.version.versionId, each]))
  const candidates = versions.map((version): Candidate => {
    const same = known.get(version.versionId)
    return same !== undefined && isSame(same.version, version)
      ? same
      : new VersionCandidate(version, publicValues, uses.placeOf(version))
  })
  const forms = echoForms([...versions, ...leaving], publicValues, echoes)
  const shown = together(keep(before?.echoes, echoesOf(forms).echoes, isSameEcho))
  const tried = tries(
    keep(before?.candidates, candidates, (a, b) => a === b),
    false,
  )
  // Without `...`, which would put fields beside the object, and away from it in memory.
  return {
    kind: tried.kind,
    trial: tried.trial,
    first: tried.first,
    other: tried.other,
    publicValues,
    echoWord: shown.echoWord,
    echoGroups: shown.echoGroups,
    echoes: shown.echoes,
    candidates: tried.candidates,
  }
}

function keep<T>(
  before: readonly T[] | undefined,
  now: readonly T[],
  isSameOne: (a: T, b: T) => boolean,
): readonly T[] {
  const isKept =
    before?.length === now.length &&
    before.every((each, at) => {
      const other = now[at]
      return other !== undefined && isSameOne(each, other)
    })
  return isKept && before !== undefined ? before : now
}

function isSameEcho({ forms }: Echo, other: Echo): boolean {
  return forms.length === other.forms.length && forms.every((form, at) => form === other.forms[at])
}
