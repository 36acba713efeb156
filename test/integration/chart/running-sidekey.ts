import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { createInterface } from 'node:readline'
import { only, type Manifest } from './render-chart.ts'
import { temporaryFolder } from './temporary-folder.ts'

const MAIN = resolve(import.meta.dirname, '../../../src/main.ts')

/** The rendered configuration as a file, with the folders of the container moved below a temporary one. */
export interface Mounted {
  readonly configFile: string
}

/** Writes the ConfigMap's file and the Secrets' files, as the rendered volumes would mount them. */
export function mount(
  manifests: readonly Manifest[],
  secrets: Readonly<Record<string, string>>,
): Mounted {
  const root = temporaryFolder('mounted')
  const files = {
    'store-key': randomBytes(32).toString('base64'),
    'admin-token': randomBytes(32).toString('base64'),
    ...secrets,
  }
  mkdirSync(join(root, 'secrets'))
  for (const [name, text] of Object.entries(files)) writeFileSync(join(root, 'secrets', name), text)
  const text: string = only(manifests, 'ConfigMap')['data']['sidekey.yaml']
  const configFile = join(root, 'sidekey.yaml')
  const moved = text
    .replaceAll('/run/secrets/sidekey/', `${root}/secrets/`)
    .replaceAll('/var/lib/sidekey/', `${root}/`)
  writeFileSync(configFile, moved)
  return { configFile }
}

/** `sidekey check` on it, as a process. */
export function check({ configFile }: Mounted): {
  readonly code: number | null
  readonly said: string
} {
  const ran = spawnSync(process.execPath, [MAIN, 'check', '--config', configFile], {
    encoding: 'utf8',
  })
  return { code: ran.status, said: ran.stdout + ran.stderr }
}

/** A process that serves. */
export interface Running {
  /** Base URLs of its listeners. */
  readonly proxy: string
  readonly admin: string
  /** Ends it by SIGTERM; resolves with its exit code. */
  stop(): Promise<number | null>
}

/** Starts `sidekey serve`; resolves when it says where it listens. */
export async function startSidekey({ configFile }: Mounted): Promise<Running> {
  const child = spawn(process.execPath, [MAIN, 'serve', '--config', configFile], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const { proxy, admin } = await addressesOf(child)
  return {
    proxy: `http://${proxy}`,
    admin: `http://${admin}`,
    async stop() {
      const exited = once(child, 'exit')
      child.kill('SIGTERM')
      const [code] = (await exited) as [number | null]
      return code
    },
  }
}

interface Ready {
  readonly proxy: string
  readonly admin: string
}

// Reading goes on after the first answer: a child whose pipe is full would stand still.
function addressesOf(child: ChildProcess): Promise<Ready> {
  return new Promise((done, failed) => {
    const seen: string[] = []
    createInterface({ input: child.stdout! }).on('line', (line) => {
      seen.push(line)
      if (line.includes('sidekey is ready')) done(JSON.parse(line) as Ready)
    })
    child.once('exit', () => failed(new Error(`serve ended:\n${seen.join('\n')}`)))
  })
}
