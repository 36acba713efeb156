import { spawnSync } from 'node:child_process'

/**
 * Options that make podman work as root inside another container or virtual machine, where cgroups and limits are not
 * its own: runc instead of crun (which refuses hybrid cgroups), cgroupfs instead of systemd, limits that may be set.
 */
const GLOBAL = ['--cgroup-manager=cgroupfs', '--runtime', 'runc']
/** Limits that may be set there; the defaults may not. */
export const LIMITS = ['--ulimit', 'nofile=20000:20000', '--ulimit', 'nproc=20000:20000']

export interface Ran {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
}

/** Runs podman to its end, at most `timeoutMs` (default 2 minutes), and returns what it said, whatever its exit code. */
export function tryPodman(args: readonly string[], timeoutMs = 120_000): Ran {
  const options = { encoding: 'utf8', timeout: timeoutMs, maxBuffer: 64 * 1024 * 1024 } as const
  const ran = spawnSync('podman', [...GLOBAL, ...args], options)
  return { code: ran.status ?? -1, stdout: ran.stdout, stderr: ran.stderr }
}

/** Runs podman to its end and returns its standard output. @throws Error when it exits with anything but 0 */
export function podman(args: readonly string[], timeoutMs?: number): string {
  const ran = tryPodman(args, timeoutMs)
  if (ran.code !== 0) {
    throw new Error(`podman ${args[0]} exited with ${ran.code}: ${ran.stderr.slice(-2000)}`)
  }
  return ran.stdout.trim()
}

/** Builds the Dockerfile of the checkout at `root`, with both of its stages on `base`. */
export function buildImage(root: string, base: string, tag: string): void {
  const bases = ['--build-arg', `BUILD_IMAGE=${base}`, '--build-arg', `RUNTIME_IMAGE=${base}`]
  // The Docker format is the one that keeps HEALTHCHECK; without layers nothing is left behind but the image.
  const how = ['--format', 'docker', '--layers=false', '--isolation=chroot', '--pull=never']
  const network = ['--network', 'host']
  podman(['build', ...how, ...network, ...LIMITS, ...bases, '--tag', tag, root], 600_000)
}

/** Options of `podman run` for a container as a cluster would harden it, and without any network but loopback. */
export const HARDENED: readonly string[] = [
  ...LIMITS,
  '--ulimit=core=0:0',
  '--read-only',
  '--read-only-tmpfs=false',
  '--cap-drop=all',
  '--security-opt=no-new-privileges',
]
