import type { Clock } from '../kernel/ports/clock.ts'
import type { RequestOutcome } from '../kernel/ports/telemetry.ts'
import type { ClientResponse } from './client-message.ts'
import type { Delivery } from './deliver-answer.ts'
import { endToEndResponseFields } from './hop-headers.ts'
import { type Echoes, maskEcho } from './mask-echo.ts'
import type { Answered } from './try-candidates.ts'

/** Sends the upstream's answer on, its body byte for byte; every echo of a secret in its head is masked. */
export function respond(
  response: ClientResponse,
  answered: Answered,
  clock: Clock,
  echoes: Echoes,
): RequestOutcome | Promise<RequestOutcome> {
  const { attempt, gaveUp } = answered
  const fields = endToEndResponseFields(attempt.fields)
  if (gaveUp !== null) fields.push('Sidekey-Fallback', gaveUp)
  const reason = maskEcho(fields, attempt.reason, echoes)
  const delivered = attempt.deliver(response, reason, fields, echoes)
  // Most answers are whole by now, and nobody waits for them.
  return typeof delivered === 'string'
    ? ended(delivered, answered, clock)
    : delivered.then((delivery) => ended(delivery, answered, clock))
}

function ended(delivery: Delivery, answered: Answered, clock: Clock): RequestOutcome {
  // A version is in use until the last request with it has ended.
  answered.candidate.used(clock.now())
  if (delivery === 'client-aborted') return 'client-aborted'
  if (delivery === 'upstream-failed') return 'upstream-error'
  return outcomeOf(answered)
}

/** `OPTIONS *` asks about this server, not about an upstream. RFC 9110, section 9.3.7. */
export function respondToServerOptions(response: ClientResponse): RequestOutcome {
  response.writeHead(200, ['Content-Length', '0'])
  response.end()
  return 'success'
}

function outcomeOf({ attempt, verdict }: Answered): RequestOutcome {
  if (verdict === 'refused') return 'auth-failed'
  if (attempt.status < 400) return 'success'
  return attempt.status < 500 ? 'client-error' : 'upstream-error'
}
