import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Contender, Setting } from '../contender.ts'
import { versionOf } from '../versions.ts'

/** One thread, connections to the upstream shared by all clients. */
export const contender: Contender = {
  name: 'haproxy',
  describe: () => versionOf('haproxy', ['-v'], /version (\S+?)-/),
  abilities: [],
  launch(setting) {
    const file = join(setting.directory, 'haproxy.cfg')
    writeFileSync(file, configure(setting))
    return { command: ['haproxy', '-db', '-q', '-f', file] }
  },
}

function configure({ port, upstream, header, secrets }: Setting): string {
  const tls = upstream.tls
    ? ` ssl verify required ca-file ${upstream.caFile} sni str(localhost) verifyhost localhost`
    : ''
  return `global
  nbthread 1
defaults
  mode http
  timeout connect 10s
  timeout client 60s
  timeout server 60s
  http-reuse always
frontend in
  bind 127.0.0.1:${port}
  http-request set-header ${header} ${secrets.current}
  default_backend out
backend out
  server upstream 127.0.0.1:${upstream.port} pool-max-conn 64${tls}
`
}
