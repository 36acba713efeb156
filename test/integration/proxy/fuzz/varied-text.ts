import type { SeededRandom } from '../../../fakes/random.ts'

/** No two places of it look the same, so that a piece that is lost, moved or written over is seen. */
const VARIED = Array.from({ length: 80_000 }, (_, i) => i.toString(36)).join(' ')

export function variedText(random: SeededRandom, length: number): string {
  const at = random.int(VARIED.length - length)
  return VARIED.slice(at, at + length)
}
