import type { Stop } from '../kernel/ports/clock.ts'
import type { VersionSource } from '../kernel/ports/version-source.ts'
import type { SecretValue } from '../kernel/secret-value.ts'

/** A credential's source that also tells of the texts that its secrets were exchanged for. */
export interface EchoingSource {
  readonly source: VersionSource
  /** Replaces the texts of this owner; whoever watches the source reads it anew. */
  echo(owner: string, texts: readonly SecretValue[]): void
}

/** Adds texts that answers must not show, such as tokens, to what a source tells of its secrets. */
export function echoingSource(base: VersionSource): EchoingSource {
  const owned = new Map<string, readonly SecretValue[]>()
  const watchers = new Set<() => void>()
  const watch = (changed: () => void): Stop => {
    const stop = base.watch(changed)
    watchers.add(changed)
    return () => {
      watchers.delete(changed)
      stop()
    }
  }
  const load = async () => ({ ...(await base.load()), echoes: [...owned.values()].flat() })
  return {
    source: { ...base, load, watch },
    echo: (owner, texts) => {
      const before = owned.get(owner) ?? []
      const isSame =
        before.length === texts.length && texts.every((text, i) => before[i]?.equals(text))
      if (isSame) return
      if (texts.length === 0) owned.delete(owner)
      else owned.set(owner, texts)
      for (const changed of watchers) changed()
    },
  }
}
