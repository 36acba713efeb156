import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { secretForms } from '../../telemetry/secret-forms.ts'
import type { Load } from './load.ts'
import type { DemoStage } from './stage.ts'

/** What a search for leaks found. */
export interface LeakSearch {
  readonly leaks: readonly string[]
  /** How many texts were searched. */
  readonly searched: number
}

/**
 * Looks for every form of every secret that ever lived in whatever the demo's processes have said and left behind: output
 * at debug level, metrics, pages, files outside the store, command lines, environments.
 */
export async function searchLeaks(stage: DemoStage, loads: readonly Load[]): Promise<LeakSearch> {
  const forms = stage.secretsEver().flatMap((secret) => secretForms(secret))
  const texts = new Map<string, string>([
    ["Sidekey's output", stage.output()],
    ...loads.map((load, index) => [`output of app ${index + 1}`, load.output] as const),
    ...loads.map((load, index) => [`failures of app ${index + 1}`, load.failures.join()] as const),
    ...(await stage.pages()),
    ...filesBelow(stage.directory).filter(([path]) => !stage.mayHoldSecrets(path)),
    ...processTexts(stage.pid, 'Sidekey'),
  ])
  const leaks = [...texts].filter(([, text]) => forms.some((form) => text.includes(form)))
  return { leaks: leaks.map(([name]) => name), searched: texts.size }
}

function filesBelow(directory: string): readonly (readonly [string, string])[] {
  return readdirSync(directory, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .map((path) => [path, readFileSync(path, 'latin1')] as const)
}

/** Command line and environment, where the system shows them. */
function processTexts(pid: number, name: string): readonly (readonly [string, string])[] {
  if (process.platform !== 'linux') return []
  return ['cmdline', 'environ'].map(
    (what) => [`${what} of ${name}`, readFileSync(`/proc/${pid}/${what}`, 'latin1')] as const,
  )
}
