import { spawnSync } from 'node:child_process'
import { cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { parseAllDocuments } from 'yaml'
import { temporaryFolder } from './temporary-folder.ts'

/** The chart in the checkout. */
const CHART = resolve(import.meta.dirname, '../../../charts/sidekey')

/** A Kubernetes object as helm printed it; tests look into it as they like. */
export interface Manifest {
  readonly kind: string
  readonly metadata: { readonly name: string; readonly labels?: Record<string, string> }
  // oxlint-disable-next-line typescript/no-explicit-any -- a manifest is a tree that each test reads in its own way
  readonly [key: string]: any
}

/** Values of a chart, as a user would write them. */
export type Values = Readonly<Record<string, unknown>>

export interface Rendered {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
}

/** Runs helm in `folder` with the values on its standard input. */
export function runHelm(
  helm: string,
  args: readonly string[],
  values: Values = {},
  folder = CHART,
): Rendered {
  const home = temporaryFolder('helm')
  const env = { PATH: process.env['PATH'], HOME: home }
  const input = JSON.stringify(values)
  const ran = spawnSync(helm, [...args], { cwd: folder, env, input, encoding: 'utf8' })
  return { code: ran.status ?? -1, stdout: ran.stdout, stderr: ran.stderr }
}

/** `helm template` of a chart with values. @throws Error with what helm said when it refuses them */
export function renderChart(helm: string, values: Values, folder = CHART): readonly Manifest[] {
  return parseManifests(renderText(helm, values, folder))
}

/** The same as text. */
export function renderText(helm: string, values: Values, folder = CHART): string {
  const { code, stdout, stderr } = runHelm(helm, TEMPLATE, values, folder)
  if (code !== 0) throw new Error(stderr)
  return stdout
}

/** What helm says of values that it refuses. @throws Error when it renders them */
export function refusalOf(helm: string, values: Values): string {
  const { code, stderr } = runHelm(helm, TEMPLATE, values)
  if (code === 0) throw new Error('helm rendered what it should refuse')
  return stderr
}

const TEMPLATE = ['template', 'shop', '.', '--namespace', 'prod', '--values', '-'] as const

/** The only manifest of its kind. */
export function only(manifests: readonly Manifest[], kind: string): Manifest {
  const found = manifests.filter((manifest) => manifest.kind === kind)
  if (found[0] === undefined || found.length > 1) throw new Error(`${found.length} of ${kind}`)
  return found[0]
}

/** A copy of the chart beside the app's chart that README.md shows, with its dependency in place. */
export function appChartOfReadme(helm: string): string {
  const folder = temporaryFolder('chart')
  cpSync(CHART, join(folder, 'sidekey'), { recursive: true })
  const app = join(folder, 'app')
  const readme = readFileSync(join(CHART, 'README.md'), 'utf8')
  for (const [, path, text] of readme.matchAll(/```yaml\n# (\S+)\n(.*?)```/gs)) {
    mkdirSync(dirname(join(app, path!)), { recursive: true })
    writeFileSync(join(app, path!), text!)
  }
  const updated = runHelm(helm, ['dependency', 'update', '.'], {}, app)
  if (updated.code !== 0) throw new Error(updated.stderr)
  return app
}

function parseManifests(text: string): readonly Manifest[] {
  return parseAllDocuments(text).flatMap((document) => {
    if (document.errors.length > 0) throw document.errors[0]!
    const manifest = document.toJS() as Manifest | null
    return manifest === null ? [] : [manifest]
  })
}
