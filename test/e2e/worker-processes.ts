import { readdirSync, readFileSync, readlinkSync } from 'node:fs'
import type { SidekeyProcess } from './sidekey-process.ts'

/** The workers of a Sidekey, by process id. Linux only, as all that reads /proc. */
export function workersOf({ child }: SidekeyProcess): readonly number[] {
  const children = readFileSync(`/proc/${child.pid}/task/${child.pid}/children`, 'utf8')
  return children.trim().split(' ').filter(Boolean).map(Number)
}

/** The ports of the clients whose connections a process has accepted: those of its sockets whose own port is `port`. */
export function clientPortsOf(pid: number, port: number): ReadonlySet<number> {
  const sockets = new Set(
    readdirSync(`/proc/${pid}/fd`).map((fd) => linkOf(`/proc/${pid}/fd/${fd}`)),
  )
  const lines = readFileSync('/proc/net/tcp', 'utf8').trim().split('\n').slice(1)
  const clients = lines.flatMap((line) => {
    const [, local = '', remote = '', , , , , , , inode] = line.trim().split(/\s+/)
    return sockets.has(`socket:[${inode}]`) && portOf(local) === port ? [portOf(remote)] : []
  })
  // The listening socket has nobody at its other end.
  return new Set(clients.filter((client) => client !== 0))
}

/**
 * Kills a process, and tells whose connections die with it. It is halted first: whatever connects while its sockets are read
 * is accepted by somebody else.
 */
export function killWorker(pid: number, port: number): ReadonlySet<number> {
  process.kill(pid, 'SIGSTOP')
  try {
    return clientPortsOf(pid, port)
  } finally {
    process.kill(pid, 'SIGKILL')
  }
}

/** A descriptor may be closed between the listing and the look. */
function linkOf(path: string): string {
  try {
    return readlinkSync(path)
  } catch {
    return ''
  }
}

function portOf(address: string): number {
  return Number.parseInt(address.split(':')[1] ?? '0', 16)
}
