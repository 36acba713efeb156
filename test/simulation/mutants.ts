import { FAMILY_MUTANTS } from './mutants-family.ts'
import { ROLLOUT_MUTANTS } from './mutants-rollout.ts'
import type { Patch } from './mutant-loader.ts'
import type { StoreDefects } from './world/sim-store-state.ts'

/** A bug that somebody might write. The simulation must see it. */
export interface Mutant {
  readonly name: string
  /** What goes wrong, in a sentence. */
  readonly story: string
  readonly patches: readonly Patch[]
  readonly defects?: StoreDefects
  /** Which runs show it. Default: the seeds with random faults. */
  readonly seenBy?: 'production' | 'families'
  /** The unit test that sees it, where the other defences hide it from every run; else null. */
  readonly maskedBy: string | null
}

/** Bugs of real rotation engines, and of tired authors. */
export const MUTANTS: readonly Mutant[] = [
  {
    name: 'create-before-persist',
    story: 'the create call is sent before the chosen value is saved',
    patches: [
      {
        find: `return prepareVersion(deps, moment)`,
        replace: `return createVersion(deps, { ...moment, ...prepareVersion(deps, moment) })`,
      },
    ],
    maskedBy: null,
  },
  {
    name: 'new-value-on-retry',
    story: 'a create whose outcome is unknown is tried again with another value',
    patches: [
      {
        find: `return resendVersion(moment)`,
        replace: `return prepareVersion(deps, { ...moment, record: { ...moment.record, pending: null } })`,
      },
    ],
    maskedBy: null,
  },
  {
    name: 'acknowledgements-expire',
    story: 'a replica that is silent for five seconds no longer holds up a revoke',
    patches: [
      {
        find: `.filter((sight) => !passed(sight))`,
        replace: `.filter((sight) => !passed(sight) && nowMs - sight.reportedAtMs < 5_000)`,
      },
    ],
    maskedBy: null,
  },
  {
    name: 'no-barriers',
    story: 'nobody is asked: the old version is revoked after a fixed grace period',
    patches: [
      {
        find: `  const waitingFor = `,
        replace: `  if (passed !== null) return null\n  const waitingFor = `,
      },
    ],
    maskedBy: null,
  },
  {
    name: 'deletes-the-oldest-when-full',
    story: 'a full account is made room in by revoking whatever is in the way',
    patches: [
      {
        find: `return blockCredential(moment, step.reason, step.detail)`,
        replace: `{
          const { current } = moment.record
          const other = moment.seen.list?.ids.find((id) => id !== current.secretId)
          if (step.reason === 'slot-full-foreign' && other !== undefined) {
            const auth = { account: deps.account, secret: current.value }
            await deps.provider.revoke(auth, other, moment.signal)
          }
          return blockCredential(moment, step.reason, step.detail)
        }`,
      },
    ],
    maskedBy: null,
  },
  {
    name: 'trusts-one-list',
    story: 'an id that one list does not show is gone, although lists may be stale',
    patches: [
      {
        find: `  return seen.list.atMs - presence.sinceMs > ABSENCE_PERSIST_MS`,
        replace: `  return true`,
      },
    ],
    maskedBy: null,
  },
  {
    name: 'compare-and-swap-dropped',
    story: 'the last writer wins',
    patches: [],
    defects: { casDropped: true },
    maskedBy: null,
  },
  {
    name: 'skips-verification',
    story: 'a created version counts as verified without a probe',
    patches: [
      {
        find: `if (sight?.verdict === 'accepted' && sight.streak >= VERIFY_SUCCESSES) {`,
        replace: `if (sight !== null) {`,
      },
    ],
    maskedBy: null,
  },
  {
    name: 'skips-the-drain',
    story: 'the old version is revoked while it is still in use',
    patches: [
      {
        find: `const drain = leaked ? null : drainBarrier(record, policy, seen, nowMs)`,
        replace: `const drain = null`,
      },
    ],
    maskedBy: null,
  },
  {
    name: 'forgets-who-has-left',
    story: 'a replica that ends takes with it what it has used',
    patches: [],
    defects: { forgetsUses: true },
    // Some seeds see it (710 did), too few of them to rely on.
    maskedBy: 'what a replica used last counts after its end: the rotation goes on',
  },
  {
    name: 'revokes-with-what-it-revokes',
    story: 'the delete is authenticated with the secret that is deleted',
    patches: [
      {
        find: `if (purpose === 'revoke') return [own(record.current)]`,
        replace: `if (purpose === 'revoke') return [own(record.previous ?? record.current)]`,
      },
    ],
    maskedBy: null,
  },
  {
    name: 'revokes-with-whatever-works',
    story: 'a delete that is refused is sent again with the secret that it deletes',
    patches: [
      {
        find: `if (purpose === 'revoke') return [own(record.current)]`,
        replace: `if (purpose === 'revoke')
          return [record.current, record.previous].filter((one) => one !== null).map(own)`,
      },
    ],
    // Current is proven right before the call; only a provider that contradicts itself shows it.
    maskedBy: 'a revoke that is refused is never sent with the secret that it would end',
  },
  {
    name: 'binds-by-an-old-proof',
    story:
      'the one listed id is taken for current’s although current may have died since it was asked',
    patches: [
      {
        find: `return prove(v, record.current.generation) ?? { ...slots, reason: 'single-id' }`,
        replace: `return { ...slots, reason: 'single-id' }`,
      },
    ],
    // Somebody else would have to swap the bootstrap secret within the second between list and probe.
    maskedBy: 'the one listed id is current’s only while current is proven to work right now',
  },
  {
    name: 'drains-by-the-wall-clock',
    story: 'a wall clock that is set ahead ends a drain early',
    patches: [
      {
        find: `return wallMs + (this.#clock.monotonic() - monotonicMs)`,
        replace: `return this.#clock.now() + 0 * (wallMs - monotonicMs)`,
      },
    ],
    // Where a seed sets a clock, nothing can be said of the instants that replicas report.
    maskedBy: 'a wall clock that is set ahead during a drain does not end it',
  },
  {
    name: 'asks-nobody-anew',
    story: 'who has joined since the look began is not asked before a revoke',
    patches: [
      {
        find: `const outdated: boolean = FINAL.has(step.kind) && !loaded && !reread`,
        replace: `const outdated: boolean = FINAL.has(step.kind) && !loaded && nowMs < 0`,
      },
    ],
    // Who registers after the promotion reads it before it serves.
    maskedBy: 'a replica that joins while the intent to revoke is saved is waited for',
  },
  {
    name: 'believes-what-it-saw-before',
    story: 'a replica whose turn comes again judges by what it saw before another one went on',
    patches: [
      {
        find: `if (another && progress !== this.#progress)`,
        replace: `if (another && progress !== this.#progress && nowMs < 0)`,
      },
    ],
    // It gives a candidate up too early, and its tombstone finds the secret later.
    maskedBy:
      'what a replica saw before another one went on says nothing about the create that followed',
  },
  {
    name: 'forgets-late-copies',
    story: 'a version whose create was sent twice is promoted, and its late copy is a stranger',
    patches: [
      {
        find: `attempts > 1 && deps.provider.traits.valueSource`,
        replace: `attempts > 99 && deps.provider.traits.valueSource`,
      },
    ],
    // Such a candidate is given up, unless two were within an hour.
    maskedBy: 'a version whose create was sent twice is remembered when it is promoted',
  },
  {
    name: 'forgets-tombstones',
    story: 'the value of an abandoned candidate is thrown away',
    patches: [{ find: `.slice(-TOMBSTONES_MAX)`, replace: `.slice(0, 0)` }],
    maskedBy: null,
  },
  {
    name: 'reuses-generations',
    story: 'an abandoned candidate gives its number to the next one',
    patches: [
      {
        find: `const generation = record.lastGeneration + 1\n  const value = generateSecret`,
        replace: `const generation = record.current.generation + 1\n  const value = generateSecret`,
      },
    ],
    maskedBy: null,
  },
  {
    name: 'revokes-and-forgets',
    story: 'a revoke counts as done whatever the answer, and the value is forgotten at once',
    patches: [
      {
        find: `    case 'absent':\n`,
        replace: `    case 'absent':\n    case 'unavailable':\n`,
      },
      {
        find: `  if (belief.listed === null) return wait(v, 'revoke-settling')\n  if (belief.listed.includes(previous`,
        replace: `  if (belief !== null) return { kind: 'finish', reason: 'revoked' }\n  if (belief.listed?.includes(previous`,
      },
    ],
    maskedBy: null,
  },
  {
    name: 'takes-no-answer-for-a-refusal',
    story: 'a probe that timed out counts as refused',
    patches: [
      {
        find: `sawProbe(seen, generation, answer.kind,`,
        replace: `sawProbe(seen, generation, answer.kind === 'inconclusive' ? 'refused' : answer.kind,`,
      },
    ],
    maskedBy: 'a probe without an answer is no refusal',
  },
  {
    name: 'never-demotes',
    story: 'a promoted version that is refused stays current',
    patches: [
      {
        find: `  const { record, belief, policy, nowMs } = v
  const { current, previous } = record
  if (belief.current === 'dead') {`,
        replace: `  const { record, belief, policy, nowMs } = v
  const { current, previous } = record
  if (record === null) {`,
      },
    ],
    maskedBy: null,
  },
  {
    name: 'ignores-late-creates',
    story: "a create that arrives after its candidate was abandoned is taken for somebody else's",
    patches: [{ find: `late: lateCreate(record, seen, unknownIds),`, replace: `late: null,` }],
    maskedBy: null,
  },
  {
    name: 'attributes-without-a-probe',
    story: 'a new id is taken for ours without authenticating with the value',
    patches: [
      {
        find: `  if (belief.pending === 'alive') {`,
        replace: `  if (pending !== null) {`,
      },
    ],
    maskedBy: null,
  },
  {
    name: 'attributes-what-was-there-before',
    story: 'an id that was listed before the create is taken for the created one',
    patches: [
      {
        find: `unknownIds.filter((id) => pending?.idsBefore.includes(id) !== true)`,
        replace: `unknownIds.filter((id) => id !== '')`,
      },
    ],
    maskedBy: 'an id that was listed before the create was sent is not taken for the created one',
  },
  {
    name: 'gives-up-unknown-creates',
    story: 'after a lost answer the candidate is buried and another one is made',
    patches: [
      {
        find: `return { kind: 'resend', reason: 'create-absent' }`,
        replace: `return { kind: 'bury', reason: 'never-created' }`,
      },
      { find: `[...others, added]`, replace: `[...others]` },
    ],
    maskedBy: null,
  },
  {
    name: 'revokes-without-consent',
    story: 'the first rotation revokes the secret of the configuration without being told to',
    patches: [
      {
        find: `  if (!emergency && previous?.bootstrap === true && policy.revokeBootstrap === 'confirm') {
    if (!record.bootstrapConsent) return wait(v, 'bootstrap-consent')
  }
  const held = revokeBarriers(v)
  if (held !== null) return waitForMembers(v, held)
  const hold = emergency ? null : calendarHold(policy, nowMs)
  if (hold !== null) return wait(v, hold, nowMs + WINDOW_POLL_MS)
  const retire`,
        replace: `  const held = revokeBarriers(v)
  if (held !== null) return waitForMembers(v, held)
  const hold = emergency ? null : calendarHold(policy, nowMs)
  if (hold !== null) return wait(v, hold, nowMs + WINDOW_POLL_MS)
  const retire`,
      },
    ],
    maskedBy: null,
  },
  {
    name: 'lists-at-rest',
    story: 'at rest, the list is read every minute',
    patches: [{ find: `sinceMs === null ? DRIFT_MS :`, replace: `sinceMs === null ? 60_000 :` }],
    seenBy: 'production',
    maskedBy: null,
  },
  ...ROLLOUT_MUTANTS,
  ...FAMILY_MUTANTS,
]
