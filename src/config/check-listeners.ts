import type { Findings } from './findings.ts'
import {
  formatListenAddress,
  isLoopback,
  type ListenAddress,
  parseListenAddress,
} from './listen-address.ts'
import { Refusal } from './refusal.ts'
import type { ResolvedRoute } from './resolve-routes.ts'
import type { Sections } from './resolve-sections.ts'
import type { Path } from './yaml-document.ts'

interface Listener {
  readonly path: Path
  readonly address: ListenAddress
  /** Whether it gives out credentials; the admin port does not. */
  readonly guarded: boolean
}

/** Checks every address on which Sidekey would listen: each its own, and none that lends credentials to other hosts. */
export function checkListeners(
  { proxy, admin }: Pick<Sections, 'proxy' | 'admin'>,
  routes: readonly ResolvedRoute[],
  findings: Findings,
): void {
  const listeners = [
    { path: ['proxy', 'listen'], address: proxy.listen, guarded: true },
    { path: ['admin', 'listen'], address: admin.listen, guarded: false },
    ...furtherListeners(proxy.tlsListen, routes, findings),
  ]
  listeners.forEach(({ path, address, guarded }, index) => {
    if (guarded && proxy.clients.length === 0 && !isLocal(address)) {
      findings.error(
        path,
        new Refusal(
          'lets other hosts use the credentials',
          'listen on 127.0.0.1 or a unix socket, or name `clients` with tokens',
        ),
      )
    }
    if (guarded && proxy.workers > 1 && address.kind === 'unix') {
      findings.error(
        path,
        new Refusal(
          'is a unix socket, and several workers share TCP ports only',
          'listen on 127.0.0.1, or set `proxy.workers` to 1',
        ),
      )
    }
    if (listeners.slice(0, index).some((other) => sameAddress(other.address, address))) {
      findings.error(path, new Refusal('is the address of another listener', 'give each its own'))
    }
  })
  const byHost = proxy.forward || proxy.connect.intercept || proxy.tlsListen !== null
  if (byHost && routes.every((one) => one.routes.every(({ hosts }) => hosts.length === 0))) {
    findings.warn(
      ['proxy'],
      new Refusal('serves hosts of routes, and no route has one', 'add `match: { host: … }`'),
    )
  }
}

function furtherListeners(
  tlsListen: ListenAddress | null,
  routes: readonly ResolvedRoute[],
  findings: Findings,
): readonly Listener[] {
  const further: Listener[] = []
  if (tlsListen !== null) {
    further.push({ path: ['proxy', 'tls', 'listen'], address: tlsListen, guarded: true })
  }
  for (const { path, routes: expanded } of routes) {
    for (const { listen } of expanded) {
      const address = listen == null ? null : parseListenAddress(listen)
      if (address === null || address instanceof Refusal) continue
      further.push({ path: [...path, 'listen'], address, guarded: true })
    }
  }
  for (const { path, address } of further) {
    if (address.kind === 'unix' || address.port !== 0) continue
    const remedy = `write a port in ${formatListenAddress(address)}, so that clients know it`
    findings.error(path, new Refusal('has no port', remedy))
  }
  return further
}

function isLocal(address: ListenAddress): boolean {
  return address.kind === 'unix' || isLoopback(address.host)
}

function sameAddress(a: ListenAddress, b: ListenAddress): boolean {
  if (a.kind === 'unix' || b.kind === 'unix') {
    return a.kind === 'unix' && b.kind === 'unix' && a.path === b.path
  }
  const anywhere = [a.host, b.host].some((host) => host === '0.0.0.0' || host === '::')
  return a.port === b.port && a.port !== 0 && (a.host === b.host || anywhere)
}
