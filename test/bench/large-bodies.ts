import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { ROOT } from './versions.ts'

/** No scenario: it is Sidekey alone, and about its memory. What `npm run test:large` does. */
export const LARGE_BODIES = {
  id: 'large-bodies',
  title: '4 bodies of 1 GiB each way at once, to slow readers',
} as const

/** What became of them. */
export interface LargeBodies {
  readonly isWhole: boolean
  readonly grownMib: number
  /** As a sentence. */
  readonly told: string
}

/** @throws Error where a body did not arrive as it was sent */
export async function measureLargeBodies(): Promise<LargeBodies> {
  const program = join(ROOT, 'test/large-bodies/main.ts')
  const run = spawn(process.execPath, [program, '--json'], { stdio: ['ignore', 'pipe', 'inherit'] })
  const printed = await text(run.stdout)
  if (printed === '') throw new Error('large-bodies ended early')
  const bodies = JSON.parse(printed) as LargeBodies
  if (!bodies.isWhole) throw new Error(bodies.told)
  return bodies
}
