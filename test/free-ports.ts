import { once } from 'node:events'
import { createServer } from 'node:net'

/** Below the range from which systems take ports of outgoing connections, which would sit on ours between two runs. */
const FIRST = 15_000
const LAST = 31_000

/** The next one to look at: a port is given once per process, for whoever has it may not listen yet. */
let next = FIRST + (process.pid % 100) * 100

/**
 * Ports of loopback that are free now, different for two runners on one machine as a rule.
 * @throws Error when there are too few
 */
export async function freePorts(count: number): Promise<readonly number[]> {
  const ports: number[] = []
  while (ports.length < count) ports.push(await freePort())
  return ports
}

/** One of them. @throws Error when there is none */
export async function freePort(): Promise<number> {
  while (next < LAST) {
    const port = next++
    if (await isFree(port)) return port
  }
  throw new Error(`no port below ${LAST} is free`)
}

async function isFree(port: number): Promise<boolean> {
  const server = createServer()
  try {
    server.listen(port, '127.0.0.1')
    await once(server, 'listening')
    server.close()
    await once(server, 'close')
    return true
  } catch {
    return false
  }
}
