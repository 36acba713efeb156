import type { Mutant } from './mutants.ts'

/** Bugs of a primary and its secondaries, which rotate beside each other. */
export const FAMILY_MUTANTS: readonly Mutant[] = [
  {
    name: 'waits-for-no-secondary',
    story: 'the primary rotates while a call of a secondary relies on the secret that it ends',
    patches: [
      {
        find: `const family = this.#deps.managers?.get(credentialId) ?? credentialId`,
        replace: `const family = credentialId`,
      },
    ],
    seenBy: 'families',
    maskedBy: null,
  },
  {
    name: 'remembers-its-manager',
    story: 'the management credential is read once, and the primary rotates on',
    patches: [
      {
        find: `if (deps.managedBy !== null) return deps.managedBy()`,
        replace: `if (deps.managedBy !== null) {
          const known = deps as { told?: Promise<readonly ManagementAuth[]> }
          return (known.told ??= deps.managedBy())
        }`,
      },
    ],
    seenBy: 'families',
    maskedBy: null,
  },
]
