import { randomBytes, randomInt } from 'node:crypto'
import type { Random } from '../kernel/ports/random.ts'

/** The system's cryptographic randomness. `randomInt` is unbiased by itself: there is no modulo to correct. */
export class CryptoRandom implements Random {
  int(below: number): number {
    return randomInt(below)
  }

  id(): string {
    return randomBytes(16).toString('hex')
  }
}
