import {
  AssertionError,
  ConfigError,
  StoreConflictError,
  StoreUnavailableError,
  StoreUnreadableError,
} from '../kernel/errors.ts'
import type { Reason } from './step.ts'

/** The word for a fault that a later look may find gone; null for a defect. */
export function faultReason(error: unknown): Reason | null {
  if (error instanceof StoreUnavailableError) return 'store-unavailable'
  if (error instanceof StoreConflictError) return 'store-conflict'
  if (error instanceof StoreUnreadableError) return 'store-unreadable'
  if (error instanceof AssertionError) return 'assertion-failed'
  return error instanceof ConfigError ? 'no-secret' : null
}
