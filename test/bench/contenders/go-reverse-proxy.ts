import { execFileSync } from 'node:child_process'
import { join } from 'node:path'
import type { Contender } from '../contender.ts'
import { peerEnvironment, PEERS } from '../peer-environment.ts'
import { CACHE, versionOf } from '../versions.ts'

const BINARY = join(CACHE, 'go-reverse-proxy')

/** `net/http/httputil`, from `peers/go/main.go`. */
export const contender: Contender = {
  name: 'go',
  describe: () => versionOf('go', ['version'], /(go\d\S+)/, 'net/http ReverseProxy,'),
  abilities: [],
  launch(setting) {
    execFileSync('go', ['build', '-o', BINARY, '.'], { cwd: join(PEERS, 'go') })
    return { command: [BINARY], env: { ...peerEnvironment(setting), GOMAXPROCS: '1' } }
  },
}
