import type { LogFields } from '../kernel/ports/log.ts'

/** How many causes are followed; a cycle ends here too. */
const CAUSES_MAX = 5

/**
 * What a log line may say of something thrown: its name, code, message and stack, and those of its causes. Nothing else of
 * the object is looked at: libraries hang whole requests on their errors.
 */
export function errorFields(thrown: unknown): LogFields {
  if (!(thrown instanceof Error))
    return { error: typeof thrown, message: 'not an error was thrown' }
  const chain = [...causes(thrown)]
  return {
    error: thrown.name,
    code: codeOf(thrown),
    message: thrown.message,
    stack: chain.map((error) => error.stack ?? `${error.name}: ${error.message}`).join('\ncause: '),
  }
}

function* causes(error: Error): Generator<Error> {
  let next: unknown = error
  for (let depth = 0; depth < CAUSES_MAX && next instanceof Error; depth++) {
    yield next
    next = next.cause
  }
}

function codeOf(error: Error): string | undefined {
  return 'code' in error && typeof error.code === 'string' ? error.code : undefined
}
