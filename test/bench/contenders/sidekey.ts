import { spawnSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { imageEnvironment, imageFlags } from '../../image-run.ts'
import type { Contender, Setting } from '../contender.ts'
import { FORM_PREFIX, routePrefix } from '../requests.ts'
import { ROOT } from '../versions.ts'
import { ROTATING } from '../world.ts'

const SOURCE = join(ROOT, 'src/main.ts')

/**
 * As it runs in production: the bundle with the image's flags and variables; injection, detection of refusals, replay buffer, metrics
 * and logs on. `BENCH_CPU_PROF=DIR` runs the source instead, and writes a CPU profile at its end.
 */
export const contender: Contender = {
  name: 'sidekey',
  describe: () => (program() === SOURCE ? 'Sidekey (from source, not bundled)' : 'Sidekey'),
  abilities: ['replay', 'many-routes', 'rotation'],
  launch(setting) {
    const file = join(setting.directory, 'sidekey.yaml')
    writeFileSync(file, configure(setting))
    const profiles = process.env['BENCH_CPU_PROF']
    const profiler =
      profiles === undefined
        ? []
        : ['--cpu-prof', '--cpu-prof-interval=200', `--cpu-prof-dir=${profiles}`]
    const script = profiles === undefined ? program() : SOURCE
    return {
      command: [process.execPath, ...imageFlags(), ...profiler, script, 'serve', '--config', file],
      env: { ...imageEnvironment(), NODE_EXTRA_CA_CERTS: setting.upstream.caFile },
    }
  },
  rotations: countRotations,
}

/** Rotations that came to their end, of all accounts. */
async function countRotations({ adminPort }: Setting): Promise<number> {
  const text = await (await fetch(`http://127.0.0.1:${adminPort}/metrics`)).text()
  const counts = text.matchAll(/^sidekey_rotations_total\{.*result="succeeded".*\} (\d+)$/gm)
  return [...counts].reduce((sum, [, count]) => sum + Number(count), 0)
}

let built: string | null = null

/**
 * The bundle of this source, built once per run; the source itself when that fails. Under a path that is about as short as
 * the image's: a long one makes Node work so much on paths that V8 compiles that code, which takes 5 MB at the start.
 */
function program(): string {
  if (built !== null) return built
  const directory = mkdtempSync(join(tmpdir(), 'sidekey-'))
  process.once('exit', () => rmSync(directory, { recursive: true, force: true }))
  const arguments_ = ['-c', 'test/build/rolldown.config.ts', '-d', directory]
  const { status, stderr } = spawnSync('rolldown', arguments_, {
    cwd: ROOT,
    encoding: 'utf8',
    env: { ...process.env, PATH: `${join(ROOT, 'node_modules/.bin')}:${process.env['PATH']}` },
  })
  if (status !== 0) console.error(`the bundle can't be built, so the source runs:\n${stderr}`)
  built = status === 0 ? join(directory, 'sidekey.mjs') : SOURCE
  return built
}

function configure(setting: Setting): string {
  const { port, adminPort, directory, upstream, header, secrets, routes, rotateAt } = setting
  mkdirSync(join(directory, 'secrets'))
  const secretFile = (name: string, text: string) => {
    const file = join(directory, 'secrets', name)
    writeFileSync(file, text, { mode: 0o600 })
    return file
  }
  const current = secretFile('current', secrets.current)
  const previous = secretFile('previous', secrets.previous)
  const rotating = rotateAt === null ? [] : rotatingAccount(rotateAt, directory, secretFile)
  const numbers = Array.from({ length: routes }, (_, index) => index)
  return `proxy: { listen: 127.0.0.1:${port} }
admin: { listen: 127.0.0.1:${adminPort} }
${rotateAt === null ? '' : storeLine(directory, secretFile)}
credentials:
${rotating.join('\n')}
${numbers.map((n) => `  account-${n}: { provider: static, current: { file: ${current} }, previous: { file: ${previous} } }`).join('\n')}
routes:
  - name: form
    match: { pathPrefix: ${FORM_PREFIX} }
    upstream: ${upstream.origin}
    credential: account-0
    inject: { form: { api_secret: '{secret}' } }
${numbers
  .map(
    (n) => `  - name: route-${n}
    match: { pathPrefix: ${routePrefix(n)} }
    upstream: ${upstream.origin}
    credential: account-${n}
    inject: { header: ${header}, format: '{secret}' }`,
  )
  .join('\n')}
`
}

function storeLine(directory: string, secretFile: (name: string, text: string) => string): string {
  const keyFile = secretFile('store-key', randomBytes(32).toString('base64'))
  return `store: { type: file, directory: ${join(directory, 'store')}, keyFile: ${keyFile} }`
}

/** An account that no request uses: what is measured is what its rotation takes from them. */
function rotatingAccount(
  port: number,
  directory: string,
  secretFile: (name: string, text: string) => string,
): readonly string[] {
  mkdirSync(join(directory, 'store'), { mode: 0o700 })
  const url = `http://127.0.0.1:${port}`
  return [
    '  rotating:',
    '    provider: vonage',
    `    apiKey: ${ROTATING.apiKey}`,
    `    secret: { file: ${secretFile('rotating', ROTATING.secret)} }`,
    `    baseUrls: { api: '${url}', rest: '${url}' }`,
    '    rotation: { every: 5s, drain: 1s, jitter: 0%, revokeBootstrap: auto }',
  ]
}
