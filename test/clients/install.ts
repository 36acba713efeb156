import { execFile } from 'node:child_process'
import { existsSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { CLIENTS } from './clients.ts'
import { TOOLS } from './world.ts'

const HERE = import.meta.dirname
const run = promisify(execFile)

/** Installs and builds the clients whose runtimes are there. @returns the commands that are missing */
export async function install(): Promise<ReadonlySet<string>> {
  const needed = [...new Set(CLIENTS.flatMap(({ needs }) => needs))]
  const found = await Promise.all(needed.map(isThere))
  const missing = new Set(needed.filter((_command, index) => found[index] === false))
  mkdirSync(TOOLS, { recursive: true })
  await run('npm', [
    'ci',
    '--prefix',
    join(HERE, 'node'),
    '--ignore-scripts',
    '--no-audit',
    '--no-fund',
  ])
  if (!missing.has('python3')) await installPython()
  if (!missing.has('go')) {
    const output = join(TOOLS, 'go-client')
    await run('go', ['build', '-o', output, join(HERE, 'go/client.go')])
  }
  if (!missing.has('javac')) {
    await run('javac', ['-d', join(TOOLS, 'java'), join(HERE, 'java/Client.java')])
  }
  return missing
}

async function installPython(): Promise<void> {
  const venv = join(TOOLS, 'venv')
  if (!existsSync(venv)) await run('python3', ['-m', 'venv', venv])
  const requirements = join(HERE, 'python/requirements.txt')
  const options = ['-q', '--disable-pip-version-check', '-r', requirements]
  await run(join(venv, 'bin/pip'), ['install', ...options])
}

async function isThere(command: string): Promise<boolean> {
  try {
    await run('sh', ['-c', `command -v "${command}"`])
    return true
  } catch {
    return false
  }
}
