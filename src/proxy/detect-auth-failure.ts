import type { AuthFailureRule } from '../kernel/route.ts'

export interface Detector {
  readonly rules: readonly AuthFailureRule[]
}

export function compileDetector(rules: readonly AuthFailureRule[]): Detector | null {
  return rules.length === 0 ? null : { rules }
}
