import { SidekeyError } from '../kernel/errors.ts'

/** A word that tells operators what failed; messages may hold paths, and are left out. */
export function reasonOf(error: unknown): string {
  if (error instanceof SidekeyError) return error.code
  return error instanceof Error ? error.name : typeof error
}
