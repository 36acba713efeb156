import assert from 'node:assert/strict'
import { PLACEHOLDER, UID, type Pod } from './pod.ts'
import { LIMITS, podman, tryPodman } from './podman.ts'

export interface Check {
  readonly name: string
  /** Nothing after it makes sense without it. */
  readonly needed?: true
  readonly run: (pod: Pod, image: string) => Promise<void> | void
}

interface ImageConfig {
  readonly User: string
  readonly Entrypoint: readonly string[]
  readonly ExposedPorts: Readonly<Record<string, unknown>>
  readonly Labels: Readonly<Record<string, string>>
}

interface SecretAct {
  readonly act: 'created' | 'revoked'
}

const EXIT_CONFIG = 78
const ALONE = ['run', '--rm', '--network', 'none', ...LIMITS] as const

/** What the image promises, in the order of a container's life. The last check ends it. */
export const CHECKS: readonly Check[] = [
  { name: 'the image names its user, flags, ports and labels', run: describesItself },
  {
    name: 'the image holds the bundle, its licences and its bill of materials alone',
    run: holdsTheBundleAlone,
  },
  { name: 'healthcheck exits 1 where nothing serves', run: healthcheckFailsAlone },
  { name: 'a wrong configuration exits 78', run: wrongConfigurationExits },
  {
    name: 'serve is ready with a read-only root and no capability',
    needed: true,
    run: (pod) => pod.start(),
  },
  { name: 'the process is user 65532, without capabilities or new privileges', run: isConfined },
  { name: 'check accepts the mounted configuration', run: checkAccepts },
  { name: 'healthcheck exits 0', run: healthcheckPasses },
  { name: 'a request through it gets 200, with the credential in it', run: injects },
  { name: 'it rotates with its store on a mounted volume', run: rotates },
  { name: 'SIGUSR1 opens no inspector', run: opensNoInspector },
  { name: 'no secret is in inspect, logs, command line or environment', run: showsNoSecret },
  { name: 'it wrote nothing but its store', run: wroteNothing },
  { name: 'SIGTERM ends it with exit code 0', run: endsCleanly },
]

function describesItself(_pod: Pod, image: string): void {
  const [found] = JSON.parse(podman(['image', 'inspect', image])) as {
    Config: ImageConfig
    HealthCheck?: { Test: readonly string[] }
  }[]
  const config = found!.Config
  assert.equal(config.User, `${UID}:${UID}`)
  assert.ok(config.Entrypoint.includes('--disable-sigusr1'))
  assert.deepEqual(Object.keys(config.ExposedPorts), ['8080/tcp', '9901/tcp'])
  assert.equal(config.Labels['org.opencontainers.image.licenses'], 'Apache-2.0')
  assert.ok(JSON.stringify(found).includes('"healthcheck"'), 'HEALTHCHECK is kept')
}

function holdsTheBundleAlone(_pod: Pod, image: string): void {
  const list = 'console.log(require("fs").readdirSync("/sidekey").sort().join())'
  const files = podman([...ALONE, '--entrypoint', 'node', image, '-e', list])
  assert.equal(files, 'LICENSE,THIRD-PARTY-LICENSES,parts,sbom.cdx.json,sidekey.mjs')
}

function healthcheckFailsAlone(_pod: Pod, image: string): void {
  assert.equal(tryPodman([...ALONE, image, 'healthcheck']).code, 1)
}

function wrongConfigurationExits(_pod: Pod, image: string): void {
  const ran = tryPodman([...ALONE, image, 'serve', '--config', '/none'])
  assert.equal(ran.code, EXIT_CONFIG)
}

function isConfined(pod: Pod): void {
  const status = pod.processFile('status')
  assert.match(status, new RegExp(`^Uid:\\t${UID}\\t${UID}\\t`, 'm'))
  assert.match(status, /^CapEff:\t0+$/m)
  assert.match(status, /^NoNewPrivs:\t1$/m)
  assert.match(pod.processFile('limits'), /^Max core file size +0 +0 /m)
}

function checkAccepts(pod: Pod): void {
  const ran = pod.run(['check', '--config', '/etc/sidekey/sidekey.yaml'])
  assert.equal(ran.code, 0, ran.stdout + ran.stderr)
}

function healthcheckPasses(pod: Pod): void {
  const ran = tryPodman(['healthcheck', 'run', pod.sidekey])
  assert.equal(ran.code, 0, ran.stdout + ran.stderr)
}

function injects(pod: Pod): void {
  const answer = pod.sendSms()
  assert.equal(answer.status, 200)
  const { messages } = JSON.parse(answer.body) as { messages: { status: string }[] }
  assert.equal(messages[0]?.status, '0', answer.body)
  assert.ok(!answer.body.includes(PLACEHOLDER))
}

async function rotates(pod: Pod): Promise<void> {
  const acts = () => (pod.emulator('acts') as { acts: SecretAct[] }).acts
  const count = (act: SecretAct['act']) => acts().filter((found) => found.act === act).length
  await pod.until('rotated', () => count('created') >= 1 && count('revoked') >= 1, 60_000)
  injects(pod)
}

function opensNoInspector(pod: Pod): void {
  podman(['kill', '--signal', 'USR1', pod.sidekey])
  injects(pod)
  assert.equal(pod.get('http://127.0.0.1:9229/json/version').status, 0)
}

function showsNoSecret(pod: Pod): void {
  const log = tryPodman(['logs', pod.sidekey])
  const seen = [
    podman(['inspect', pod.sidekey]),
    log.stdout,
    log.stderr,
    pod.processFile('cmdline'),
    pod.processFile('environ'),
    pod.get('http://127.0.0.1:9901/metrics').body,
    pod.get('http://127.0.0.1:9901/').body,
  ]
  assert.ok(log.stdout.length + log.stderr.length > 0, 'there is a log to look into')
  for (const secret of pod.secrets) assert.ok(!seen.some((text) => text.includes(secret)))
}

// podman itself makes the mount points of volumes and a few files of /etc and /run before a container starts.
function wroteNothing(pod: Pod): void {
  const changed = podman(['diff', '--format', 'json', pod.sidekey])
  const { added = [] } = JSON.parse(changed) as { added?: string[] }
  assert.deepEqual(
    added.filter((path) => !/^\/(etc|run|var\/lib\/sidekey|dev|proc|sys)/.test(path)),
    [],
  )
}

function endsCleanly(pod: Pod): void {
  podman(['stop', '--time', '40', pod.sidekey])
  assert.equal(podman(['inspect', '--format', '{{.State.ExitCode}}', pod.sidekey]), '0')
}
