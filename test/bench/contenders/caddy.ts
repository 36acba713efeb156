import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Contender, Setting } from '../contender.ts'
import { versionOf } from '../versions.ts'

/** Without its admin port and its own certificates. */
export const contender: Contender = {
  name: 'caddy',
  describe: () => versionOf('caddy', ['version'], /v?(\d\S*)/),
  abilities: [],
  launch(setting) {
    const file = join(setting.directory, 'Caddyfile')
    writeFileSync(file, configure(setting))
    return {
      command: ['caddy', 'run', '--config', file, '--adapter', 'caddyfile'],
      env: { GOMAXPROCS: '1', HOME: setting.directory },
    }
  },
}

function configure({ port, upstream, header, secrets }: Setting): string {
  const tls = upstream.tls ? `tls_trusted_ca_certs ${upstream.caFile}` : ''
  return `{
  admin off
  auto_https off
}
http://127.0.0.1:${port} {
  reverse_proxy ${upstream.origin} {
    header_up ${header} ${secrets.current}
    transport http {
      keepalive_idle_conns_per_host 64
      compression off
      ${tls}
    }
  }
}
`
}
