import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Contender, Setting } from '../contender.ts'
import { routePrefix } from '../requests.ts'
import { versionOf } from '../versions.ts'

/** One worker, connections to the upstream kept alive; a 401 is tried again with the other secret by `error_page`. */
export const contender: Contender = {
  name: 'nginx',
  describe: () => versionOf('nginx', ['-v'], /nginx\/(\S+)/),
  abilities: ['replay', 'many-routes'],
  launch(setting) {
    const file = join(setting.directory, 'nginx.conf')
    writeFileSync(file, configure(setting))
    return { command: ['nginx', '-p', setting.directory, '-e', 'stderr', '-c', file] }
  },
}

function configure({ port, directory, upstream, header, secrets, routes }: Setting): string {
  const scheme = upstream.tls ? 'https' : 'http'
  const location = (path: string, secret: string, more = '') =>
    `    location ${path} { proxy_pass ${scheme}://upstream; proxy_set_header ${header} ${secret}; ${INHERITED} ${more} }`
  const fallback = 'proxy_intercept_errors on; error_page 401 = @previous;'
  return `daemon off;
worker_processes 1;
pid ${directory}/nginx.pid;
error_log stderr error;
events { worker_connections 2048; }
http {
  access_log off;
  keepalive_requests 100000000;
  proxy_max_temp_file_size 0;
  client_body_temp_path ${directory}/body;
  proxy_temp_path ${directory}/proxy;
  fastcgi_temp_path ${directory}/fastcgi;
  uwsgi_temp_path ${directory}/uwsgi;
  scgi_temp_path ${directory}/scgi;
  upstream upstream { server 127.0.0.1:${upstream.port}; keepalive 64; keepalive_requests 100000000; }
  proxy_ssl_trusted_certificate ${upstream.caFile};
  proxy_ssl_verify on;
  proxy_ssl_name localhost;
  proxy_ssl_server_name on;
  proxy_ssl_protocols TLSv1.2 TLSv1.3;
  server {
    listen 127.0.0.1:${port};
${location('/', secrets.current, fallback)}
${location('@previous', secrets.previous)}
${Array.from({ length: routes }, (_, index) => location(`${routePrefix(index)}/`, secrets.current, fallback)).join('\n')}
  }
}
`
}

/** A location that sets one header of its own inherits none. */
const INHERITED = 'proxy_http_version 1.1; proxy_set_header Connection "";'
