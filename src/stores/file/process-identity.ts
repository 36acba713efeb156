import { readFileSync, readlinkSync } from 'node:fs'
import { hostname } from 'node:os'
import { z } from 'zod'

const identitySchema = z.strictObject({
  pid: z.int().min(1),
  /** Clock ticks from the boot to the start of the process: tells it from a later one with its pid. Empty off Linux. */
  start: z.string(),
  /** The boot of the machine; no process outlives it. Empty off Linux. */
  boot: z.string(),
  /** The namespace in which the pid counts: a restarted container has a new one, and begins at pid 1 again. */
  namespace: z.string(),
  hostname: z.string(),
})

/** Names one process for good, unlike its pid. Written into what the process leaves in the directory. */
export type ProcessIdentity = Readonly<z.infer<typeof identitySchema>>

/**
 * `elsewhere`: on another host, in another container, or before the last boot, where it can't be seen. The directory
 * belongs to the processes of one host (or one container), so it is gone, or should never have been there.
 */
export type ProcessState = 'alive' | 'dead' | 'elsewhere'

/** Who runs this code. */
export function ownIdentity(): ProcessIdentity {
  return {
    pid: process.pid,
    start: startOf(process.pid) ?? '',
    boot: readText('/proc/sys/kernel/random/boot_id'),
    namespace: readNamespace(),
    hostname: hostname(),
  }
}

/** Whether the process runs, as far as this process (`own`) can see it. */
export function stateOf(identity: ProcessIdentity, own: ProcessIdentity): ProcessState {
  const here =
    identity.hostname === own.hostname &&
    identity.boot === own.boot &&
    identity.namespace === own.namespace
  if (!here) return 'elsewhere'
  if (own.start === '') return signalReaches(identity.pid) ? 'alive' : 'dead'
  return startOf(identity.pid) === identity.start ? 'alive' : 'dead'
}

/** Whether both name one and the same process. */
export function isSameProcess(one: ProcessIdentity, other: ProcessIdentity): boolean {
  return (
    one.pid === other.pid &&
    one.start === other.start &&
    one.boot === other.boot &&
    one.namespace === other.namespace &&
    one.hostname === other.hostname
  )
}

/** Null for anything that is no identity. */
export function parseIdentity(value: unknown): ProcessIdentity | null {
  return identitySchema.safeParse(value).data ?? null
}

/** Field 22 of `/proc/PID/stat` (proc(5)), counted from behind the name, which may hold blanks and parentheses. */
function startOf(pid: number): string | null {
  const stat = readText(`/proc/${pid}/stat`)
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  // A zombie has ended: it waits for its parent only, and holds nothing.
  return fields[0] === 'Z' || fields[0] === 'X' ? null : (fields[19] ?? null)
}

function readNamespace(): string {
  try {
    return readlinkSync('/proc/self/ns/pid')
  } catch {
    return ''
  }
}

function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8').trim()
  } catch {
    return ''
  }
}

function signalReaches(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch (error) {
    // EPERM: it runs, as somebody else.
    return error instanceof Error && 'code' in error && error.code === 'EPERM'
  }
}
