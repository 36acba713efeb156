import { resolve } from 'node:path'
import { INSTALL, inCi, missingTools } from '../tools/find-tool.ts'
import { ensureBaseImage } from './base-image.ts'
import { CHECKS } from './checks.ts'
import { Pod } from './pod.ts'
import { buildImage, tryPodman } from './podman.ts'

// `npm run test:image`: builds the image with podman, runs it, and looks at what it promises. Ends with a line of counts.

const ROOT = resolve(import.meta.dirname, '../..')
const IMAGE = `localhost/sidekey-test:${process.pid}`

const missing: readonly string[] = [
  ...missingTools(['podman', 'runc', 'debootstrap', 'catatonit']),
  ...(process.getuid?.() === 0 ? [] : ['root']),
]
if (missing.length === 0) process.exitCode = await main()
else process.exitCode = notRun()

function notRun(): number {
  console.log(`not run: the image: no ${missing.join(', ')} here; ${INSTALL}`)
  if (!inCi) return 0
  console.log(`0 passed, ${CHECKS.length} failed`)
  return 1
}

async function main(): Promise<number> {
  const base = timed('base image', ensureBaseImage)
  timed('build', () => buildImage(ROOT, base, IMAGE))
  const pod = new Pod(IMAGE)
  try {
    return report(await runChecks(pod))
  } finally {
    pod.remove()
    tryPodman(['rmi', '--force', IMAGE])
  }
}

async function runChecks(pod: Pod): Promise<number> {
  let failed = 0
  let broken = false
  for (const { name, run, needed = false } of CHECKS) {
    try {
      if (broken) throw new Error('not tried, since what it needs has failed')
      await run(pod, IMAGE)
      console.log(`ok      ${name}`)
    } catch (error) {
      failed += 1
      broken ||= needed
      console.log(`FAILED  ${name}\n${error instanceof Error ? error.message : String(error)}`)
    }
  }
  return failed
}

function report(failed: number): number {
  console.log(`${CHECKS.length - failed} passed, ${failed} failed`)
  return failed === 0 ? 0 : 1
}

function timed<T>(what: string, act: () => T): T {
  const startMs = Date.now()
  const result = act()
  console.log(`${what}: ${((Date.now() - startMs) / 1000).toFixed(1)} s`)
  return result
}
