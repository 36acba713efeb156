import { readFileSync } from 'node:fs'
import { relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { ROOT } from './versions.ts'

// `node test/bench/top.ts FILE.cpuprofile [N]`: where the time went, by self time and by file.

interface Profile {
  readonly nodes: readonly { readonly id: number; readonly callFrame: Frame }[]
  readonly samples: readonly number[]
  readonly timeDeltas: readonly number[]
}

interface Frame {
  readonly functionName: string
  readonly url: string
  readonly lineNumber: number
}

const [file, count = '40'] = process.argv.slice(2)
if (file === undefined) throw new Error('node test/bench/top.ts FILE.cpuprofile [N]')
const profile = JSON.parse(readFileSync(file, 'utf8')) as Profile
const frames = new Map(profile.nodes.map(({ id, callFrame }) => [id, callFrame]))
const byFunction = new Map<string, number>()
const byFile = new Map<string, number>()
let busy = 0
profile.samples.forEach((id, index) => {
  const frame = frames.get(id)
  const delta = profile.timeDeltas[index] ?? 0
  if (frame === undefined || frame.functionName === '(idle)') return
  busy += delta
  const where = placeOf(frame.url)
  add(byFile, where === '' ? frame.functionName : where, delta)
  add(byFunction, `${frame.functionName || '(anonymous)'} ${where}:${frame.lineNumber + 1}`, delta)
})
print('function', byFunction)
print('file', byFile)

function add(sums: Map<string, number>, key: string, delta: number): void {
  sums.set(key, (sums.get(key) ?? 0) + delta)
}

function placeOf(url: string): string {
  return url.startsWith('file:') ? relative(ROOT, fileURLToPath(url)) : url
}

function print(title: string, sums: ReadonlyMap<string, number>): void {
  console.log(`\n% of ${(busy / 1e6).toFixed(1)} s busy, by ${title}`)
  const largest = [...sums].toSorted((a, b) => b[1] - a[1]).slice(0, Number(count))
  for (const [key, sum] of largest)
    console.log(`${((sum / busy) * 100).toFixed(1).padStart(5)}  ${key}`)
}
