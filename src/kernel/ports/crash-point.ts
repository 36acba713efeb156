/**
 * Called at each effect of a rotation with a name such as `create:before` or `create:after`. In production it does
 * nothing; a test arms one name, and the process dies there, or the simulation throws.
 */
export type CrashPoint = (name: string) => void
