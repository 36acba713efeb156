import { isDeepStrictEqual } from 'node:util'
import type { SidekeyConfig } from '../config/types.ts'
import type { ConfigIssue } from '../kernel/errors.ts'

/** Sockets and the store are opened once: what changes there is said, not half applied. */
export function needRestart(before: SidekeyConfig, after: SidekeyConfig): readonly ConfigIssue[] {
  const fixed: readonly (readonly [string, unknown, unknown])[] = [
    ['proxy.listen', before.proxy.listen, after.proxy.listen],
    ['proxy.workers', before.proxy.workers, after.proxy.workers],
    ['proxy.tls.listen', before.proxy.tlsListen, after.proxy.tlsListen],
    ['proxy.ca.directory', before.proxy.caDirectory, after.proxy.caDirectory],
    ['routes.listen', listenersOf(before), listenersOf(after)],
    ['admin.listen', before.admin.listen, after.admin.listen],
    ['store', before.store, after.store],
  ]
  return fixed
    .filter(([, old, next]) => !isDeepStrictEqual(old, next))
    .map(([path]) => ({
      path,
      line: null,
      message: 'can not change while Sidekey runs',
      remedy: 'restart Sidekey, or put the old value back',
    }))
}

function listenersOf({ routes }: SidekeyConfig): readonly string[] {
  return routes.flatMap(({ listen }) => listen ?? []).toSorted()
}

/** Said of a reload that comes too late. */
export const STOPPING: ConfigIssue = {
  path: '',
  line: null,
  message: 'sidekey is about to end',
  remedy: 'start it again, and it reads the file',
}
