import type { AuthFailureRule } from '../kernel/route.ts'
import type { Findings } from './findings.ts'
import { Refusal } from './refusal.ts'
import type { AuthFailureKeys } from './schema-route.ts'
import type { Path } from './yaml-document.ts'

/**
 * Checks what one rule says together. A rule that is too wide would make Sidekey send again what was processed, or
 * cool down a secret that works.
 */
export function checkAuthFailure(
  rule: AuthFailureKeys,
  path: Path,
  findings: Findings,
): AuthFailureRule {
  const { status, json, xml, grpc, in: within, notIn } = rule
  const body = json !== undefined || xml !== undefined
  const looks = body || grpc !== undefined
  const says = within !== undefined || notIn !== undefined
  if (status === 429 || status >= 500) {
    findings.error(
      [...path, 'status'],
      new Refusal('says nothing about the credential', 'leave out 429 and 5xx'),
    )
  } else if (!looks && (status < 400 || status === 403)) {
    findings.error(
      path,
      new Refusal(
        'takes answers for refusals that may be none',
        'look into the body too: add `json` or `xml`, and `in`',
      ),
    )
  }
  if (json !== undefined && xml !== undefined) {
    findings.error(path, new Refusal('names both `json` and `xml`', 'write two rules'))
  }
  if (within !== undefined && notIn !== undefined) {
    findings.error(path, new Refusal('names both `in` and `notIn`', 'keep one of them'))
  }
  if (grpc !== undefined && (body || says || status !== 200)) {
    findings.error(
      path,
      new Refusal(
        'says more than `grpc`',
        'write `status: 200` and `grpc` alone, as a rule of its own',
      ),
    )
  }
  if (body && !says) {
    findings.error(path, new Refusal('says no values', 'add `in` or `notIn`'))
  }
  if (says && !looks) {
    findings.error(path, new Refusal('does not say where to look', 'add `json` or `xml`'))
  }
  return {
    status,
    ...(json !== undefined && { json }),
    ...(xml !== undefined && { xml }),
    ...(within !== undefined && { in: within }),
    ...(notIn !== undefined && { notIn }),
    ...(grpc !== undefined && { grpc }),
  }
}
