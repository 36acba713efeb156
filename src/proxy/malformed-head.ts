import { RefusedError } from '../kernel/errors.ts'

/** A request's head that Sidekey can't take as it stands, in a way that makes the rest of the connection suspect. */
export class MalformedHeadError extends RefusedError {
  constructor(message: string) {
    super('malformed-request', message)
  }
}
