import { execFile, type ExecFileException } from 'node:child_process'
import { existsSync, mkdirSync, statSync, utimesSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { promisify } from 'node:util'
import type { Runtime } from './client.ts'
import { GO, HERE, JAVA, once, VENV } from './places.ts'
import { findRuntimes, type Runtimes } from './runtimes.ts'

const STEP_TIMEOUT_MS = 180_000

const STEPS: Readonly<Record<Runtime, () => Promise<void>>> = {
  Node: installNode,
  Python: () => once(VENV, installPython),
  Go: () => once(GO, installGo),
  Java: () => once(JAVA, installJava),
  // What they need is theirs already.
  Ruby: async () => {},
  PHP: async () => {},
  curl: async () => {},
}

/**
 * Installs and builds the clients of every runtime that is there; quick when that has been done before. A runtime whose
 * clients can't be installed counts as missing, and the reason is printed.
 */
export async function install(): Promise<Runtimes> {
  // Needs nothing of Debian, and so goes on meanwhile.
  const node = succeeds('Node')
  const runtimes = await findRuntimes()
  const usable = await Promise.all(
    [...runtimes].map(async (entry) => {
      const [runtime] = entry
      return (await (runtime === 'Node' ? node : succeeds(runtime))) ? [entry] : []
    }),
  )
  return new Map(usable.flat())
}

async function succeeds(runtime: Runtime): Promise<boolean> {
  try {
    await STEPS[runtime]()
    return true
  } catch (error) {
    // Maven says what is wrong on stdout.
    const { message, stdout = '' } = error as ExecFileException
    console.error(`${runtime}: ${message}\n${stdout}`.slice(0, 1_500))
    return false
  }
}

/** Beside the programs, where their imports look for it. */
async function installNode(): Promise<void> {
  const [modules, lock] = [here('node/node_modules'), here('node/package-lock.json')]
  if (existsSync(modules) && statSync(modules).mtimeMs >= statSync(lock).mtimeMs) return
  await run('npm', 'ci', '--prefix', here('node'), '--ignore-scripts', '--no-audit', '--no-fund')
  const now = new Date()
  utimesSync(modules, now, now)
}

async function installPython(): Promise<void> {
  await run('python3', '-m', 'venv', VENV)
  const pip = ['-m', 'pip', 'install', '-q', '--disable-pip-version-check', '--no-compile']
  await run(join(VENV, 'bin/python'), ...pip, '-r', here('python/requirements.txt'))
}

async function installGo(): Promise<void> {
  await run('go', 'build', '-o', join(GO, 'client'), here('go/client.go'))
}

async function installJava(): Promise<void> {
  const [jars, classes] = [join(JAVA, 'lib'), join(JAVA, 'classes')]
  mkdirSync(classes, { recursive: true })
  const copy = ['dependency:copy-dependencies', `-DoutputDirectory=${jars}`]
  await run('mvn', '-q', '-B', '-f', here('java/pom.xml'), ...copy)
  const sources = [here('java/Client.java'), here('java/VonageSdk.java')]
  const path = [classes, join(jars, '*')].join(delimiter)
  await run('javac', '-cp', path, '-d', classes, ...sources)
}

async function run(command: string, ...rest: readonly string[]): Promise<void> {
  await promisify(execFile)(command, rest, { timeout: STEP_TIMEOUT_MS })
}

function here(path: string): string {
  return join(HERE, path)
}
