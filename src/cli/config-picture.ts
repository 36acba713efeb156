import { formatListenAddress } from '../config/listen-address.ts'
import type { CredentialConfig, SidekeyConfig } from '../config/types.ts'
import { formatDuration } from '../config/units.ts'
import type { Route } from '../kernel/route.ts'

/** A configuration in a few lines for people: what listens, what rotates, what goes where. */
export function configPicture({
  proxy,
  admin,
  store,
  credentials,
  routes,
}: SidekeyConfig): readonly string[] {
  const clients = proxy.clients.length === 0 ? '' : `, ${proxy.clients.length} client(s) by token`
  return [
    `proxy  ${formatListenAddress(proxy.listen)}${clients}`,
    `admin  ${formatListenAddress(admin.listen)}, API ${admin.token === null ? 'off' : 'on'}`,
    ...(store === null ? [] : [`store  ${store.directory}`]),
    ...section('credentials', credentials.map(credentialRow)),
    ...section('routes', routes.map(routeRow)),
  ]
}

function credentialRow(credential: CredentialConfig): readonly string[] {
  const { id, providerName, account, sources, managedBy, rotation } = credential
  const manager = managedBy === null ? '' : `, managed by ${managedBy}`
  if (rotation === null) {
    const secrets = sources.previous === null ? 'one secret' : 'two secrets'
    return [id, providerName, account, `rotated by somebody else, ${secrets}${manager}`]
  }
  const { everyMs, jitterRatio, drainMs, standby } = rotation
  const every = `every ${formatDuration(everyMs)} ± ${Number((jitterRatio * 100).toFixed(3))}%`
  const rest = `drain ${formatDuration(drainMs)}, standby ${standby}`
  return [id, providerName, account, `${every}, ${rest}${manager}`]
}

function routeRow({ name, pathPrefix, hosts, upstream, credentialIds, allow }: Route) {
  const ways = [pathPrefix ?? [], hosts.map((host) => `Host: ${host}`)].flat()
  const limits = allow === null ? '' : `, ${allow.length} allow rule(s)`
  return [
    name,
    ways.join(' or '),
    `→ ${upstream.origin}`,
    `as ${credentialIds.join(', ')}${limits}`,
  ]
}

function section(title: string, rows: readonly (readonly string[])[]): readonly string[] {
  if (rows.length === 0) return [`${title}: none`]
  const columns = rows[0]?.length ?? 0
  const widths = Array.from({ length: columns }, (_, column) =>
    Math.max(...rows.map((row) => row[column]?.length ?? 0)),
  )
  const aligned = rows.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd(),
  )
  return [title, ...aligned.map((line) => `  ${line}`)]
}
