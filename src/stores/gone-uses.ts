import { GONE_USES_MAX } from '../kernel/limits.ts'
import type { LastUses, Member } from '../kernel/ports/store.ts'

/** Both together, the later use of each generation; of more than `GONE_USES_MAX` the latest. */
export function mergeUses(known: LastUses, added: LastUses): LastUses {
  const merged = new Map(Object.entries(known).map(([key, atMs]) => [Number(key), atMs]))
  for (const [key, atMs] of Object.entries(added)) {
    merged.set(Number(key), Math.max(atMs, merged.get(Number(key)) ?? 0))
  }
  const latest = [...merged].toSorted((a, b) => b[1] - a[1]).slice(0, GONE_USES_MAX)
  return Object.fromEntries(latest)
}

/** Of a replica that was found dead: nobody knows what it has used since its last word, so it may have used all it held. */
export function usesOfDead({ held, lastUse }: Member, foundAtMs: number): LastUses {
  return mergeUses(lastUse, Object.fromEntries(held.map((generation) => [generation, foundAtMs])))
}
