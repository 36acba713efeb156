import { z } from 'zod'

/** A credential of this provider has no keys of its own: `current`, `previous` or `secret` are everybody's. */
const staticKeys = z.strictObject({})

type StaticOptions = z.infer<typeof staticKeys>

/**
 * Secrets that somebody else rotates, such as a cluster's own operator: they are read from files or the environment and
 * watched. There is no account to manage, and so no `create`.
 */
export const staticModule = {
  name: 'static',
  keys: staticKeys,
  account: (_options: StaticOptions): string => '',
  publicValues: (_options: StaticOptions): Record<string, string> => ({}),
}
