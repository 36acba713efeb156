import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import type { Runtime } from './client.ts'

const run = promisify(execFile)

interface Needs {
  /** A shell command that fails where something is missing, and prints the runtime's version first. */
  readonly probe: string
  /** Debian's packages that bring it. */
  readonly packages: readonly string[]
}

const NEEDS: Readonly<Record<Exclude<Runtime, 'Node'>, Needs>> = {
  Python: {
    // Debian's Python has `venv`, and lacks what fills a new environment.
    probe: "python3 -c 'import ensurepip, venv, platform; print(platform.python_version())'",
    packages: ['python3-venv'],
  },
  Go: { probe: 'go version', packages: ['golang-go'] },
  Java: {
    probe: 'javac --version && command -v java mvn',
    packages: ['default-jdk-headless', 'maven'],
  },
  Ruby: { probe: 'ruby --version', packages: ['ruby'] },
  PHP: { probe: 'php --version && php -m | grep -qx curl', packages: ['php-cli', 'php-curl'] },
  curl: { probe: 'curl --version', packages: ['curl'] },
}

const APT_TIMEOUT_MS = 240_000

/** Versions of the runtimes that are there, such as `1.26`; those that are missing are absent. */
export type Runtimes = ReadonlyMap<Runtime, string>

/**
 * Looks for every runtime. Where some are missing, and root may install Debian's packages, it does so; what is missing
 * still is for the caller to name.
 */
export async function findRuntimes(): Promise<Runtimes> {
  const found = await probeAll()
  const packages = Object.entries(NEEDS).flatMap(([runtime, needs]) =>
    found.has(runtime as Runtime) ? [] : needs.packages,
  )
  if (packages.length === 0 || !(await mayInstall())) return found
  console.error(`installing ${packages.join(', ')}`)
  try {
    const options = {
      timeout: APT_TIMEOUT_MS,
      env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
    }
    await run('apt-get', ['update', '-qq'], options)
    await run('apt-get', ['install', '-qq', '-y', '--no-install-recommends', ...packages], options)
  } catch (error) {
    console.error(error instanceof Error ? error.message.slice(0, 500) : error)
  }
  return probeAll()
}

async function probeAll(): Promise<Runtimes> {
  const found = new Map<Runtime, string>([['Node', shortened(process.version)]])
  const probes = Object.entries(NEEDS).map(async ([runtime, { probe }]) => {
    const printed = await output(probe)
    if (printed !== null) found.set(runtime as Runtime, shortened(printed))
  })
  await Promise.all(probes)
  return found
}

async function output(command: string): Promise<string | null> {
  try {
    return (await run('sh', ['-c', command])).stdout
  } catch {
    return null
  }
}

async function mayInstall(): Promise<boolean> {
  return process.getuid?.() === 0 && (await output('command -v apt-get')) !== null
}

/** The first `1.26` of a text. */
function shortened(printed: string): string {
  return /\d+(\.\d+)?/.exec(printed)?.[0] ?? ''
}
