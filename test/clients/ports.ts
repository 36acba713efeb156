import { once } from 'node:events'
import { createServer } from 'node:net'

/** Below the range from which systems take ports of outgoing connections, which would sit on ours between two runs. */
const FIRST = 15_000
const LAST = 31_000

/**
 * Ports of loopback that are free now, different for two runners on one machine as a rule.
 * @throws Error when there are too few
 */
export async function freePorts(count: number): Promise<readonly number[]> {
  const ports: number[] = []
  for (let port = FIRST + (process.pid % 100) * 100; port < LAST; port += 1) {
    if (ports.length === count) return ports
    if (await isFree(port)) ports.push(port)
  }
  throw new Error(`fewer than ${count} ports are free`)
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
