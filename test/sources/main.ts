import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { inCi, toolsDirectory } from '../tools/find-tool.ts'
import { checkAws } from './check-aws.ts'
import { Moto } from './moto.ts'

// npm run test:sources — reads secrets from real servers: moto, which computes AWS signatures anew and compares them.
// moto is installed into the tools' cache at the first run. Without Python it says `not run`; in CI that is a failure.

const MOTO_VERSION = '5.2.5'

const server = motoServer()
if (server === null) {
  console.log('not run: AWS against moto: no Python with venv and pip here')
  process.exit(inCi ? 1 : 0)
}
const moto = await Moto.start(server)
try {
  const failures = await checkAws(moto)
  console.log(failures === 0 ? 'all is as expected' : `${failures} failed`)
  process.exitCode = failures === 0 ? 0 : 1
} finally {
  moto.kill()
}

/** The path of the server's command; null when it can't be installed. */
function motoServer(): string | null {
  const folder = join(toolsDirectory(), `moto-${MOTO_VERSION}`)
  const command = join(folder, 'bin/moto_server')
  if (existsSync(command)) return command
  const run = (program: string, ...args: readonly string[]) =>
    spawnSync(program, args, { stdio: ['ignore', 'ignore', 'inherit'] }).status === 0
  const isInstalled =
    run('python3', '-m', 'venv', folder) &&
    run(join(folder, 'bin/pip'), 'install', '-q', `moto[server]==${MOTO_VERSION}`)
  return isInstalled ? command : null
}
