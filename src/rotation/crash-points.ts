import { PHASES } from '../kernel/credential.ts'

const CALLS = ['list', 'create', 'verify', 'revoke', 'promote']
const SAVES = PHASES.map((phase) => `save:${phase}`)

/**
 * The name of every crash point of a rotation: before and after each call to the provider and each
 * save.
 */
export const CRASH_POINTS: readonly string[] = [...CALLS, ...SAVES].flatMap((effect) => [
  `${effect}:before`,
  `${effect}:after`,
])
