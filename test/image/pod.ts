import {
  chmodSync,
  chownSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { randomBytes } from 'node:crypto'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { HARDENED, podman, tryPodman, type Ran } from './podman.ts'

/** The user and group of the image. */
export const UID = 65_532
const API_KEY = 'a1b2c3d4'
const EMULATOR_PORT = 9999
const READY_MAX_MS = 30_000

/** What the app sends instead of a secret. */
export const PLACEHOLDER = 'placeholder-of-the-app'

export interface Answer {
  readonly status: number
  readonly body: string
}

/**
 * Containers that share one network of their own, without a way out, as those of a pod do: an emulated provider, and
 * Sidekey from the image with its configuration, secrets and store mounted as a cluster mounts them.
 */
export class Pod {
  readonly #image: string
  readonly #folder = mkdtempSync(join(tmpdir(), 'sidekey-image-'))
  readonly #emulator = `sidekey-test-emulator-${process.pid}`
  /** Name of Sidekey's container. */
  readonly sidekey = `sidekey-test-${process.pid}`
  /** All that must never be seen outside the files it is mounted in. */
  readonly secrets = [randomText(), randomKey(), randomKey()] as const

  constructor(image: string) {
    this.#image = image
    this.#mount()
  }

  /** Starts both containers, and returns when Sidekey says that it is ready. */
  async start(): Promise<void> {
    const account = ['--account', `${API_KEY}=${this.secrets[0]}`]
    const command = ['emulator', 'vonage', '--port', String(EMULATOR_PORT), ...account]
    const detached = ['run', '--detach', '--name']
    podman([...detached, this.#emulator, '--network', 'none', ...HARDENED, this.#image, ...command])
    podman([...detached, this.sidekey, ...this.#options(), this.#image])
    await this.until('ready', () => this.get('http://127.0.0.1:9901/readyz').status === 200)
  }

  /** Runs a command of Sidekey in a container of its own, as `serve` would run. */
  run(args: readonly string[], options: readonly string[] = []): Ran {
    return tryPodman(['run', '--rm', ...this.#options(), ...options, this.#image, ...args])
  }

  get(url: string): Answer {
    return this.#fetch(url, {})
  }

  /** An SMS as an app sends it through Sidekey, with a placeholder for the secret. */
  sendSms(): Answer {
    const fields = {
      api_key: API_KEY,
      api_secret: PLACEHOLDER,
      from: 'a',
      to: '447700900000',
      text: 'hi',
    }
    const init = { method: 'POST', body: new URLSearchParams(fields).toString() }
    const headers = { 'content-type': 'application/x-www-form-urlencoded' }
    return this.#fetch('http://127.0.0.1:8080/vonage/rest/sms/json', { ...init, headers })
  }

  /** What the emulator remembers: `requests`, `acts`, `state`. */
  emulator(what: string): unknown {
    return JSON.parse(this.get(`http://127.0.0.1:${EMULATOR_PORT}/__emulator/${what}`).body)
  }

  /** The file of the kernel about Sidekey's process, such as `status`. */
  processFile(name: string): string {
    const pid = podman(['inspect', '--format', '{{.State.Pid}}', this.sidekey])
    return readFileSync(`/proc/${pid}/${name}`, 'utf8')
  }

  /** Polls until something holds. @throws Error after 30 s, with Sidekey's log */
  async until(what: string, holds: () => boolean, maxMs = READY_MAX_MS): Promise<void> {
    for (const end = Date.now() + maxMs; Date.now() < end; await sleep(300)) if (holds()) return
    const log = tryPodman(['logs', '--tail', '20', this.sidekey])
    throw new Error(`not ${what} within ${maxMs} ms:\n${log.stdout}${log.stderr}`)
  }

  /** Removes the containers and their files. */
  remove(): void {
    tryPodman(['rm', '--force', '--time', '0', this.sidekey, this.#emulator])
    rmSync(this.#folder, { recursive: true, force: true })
  }

  #options(): readonly string[] {
    const mounts = [':/etc/sidekey:ro', ':/run/secrets/sidekey:ro', ':/var/lib/sidekey']
    const folders = ['config', 'secrets', 'store'].map((name) => join(this.#folder, name))
    const volumes = folders.flatMap((folder, index) => ['--volume', `${folder}${mounts[index]}`])
    return ['--network', `container:${this.#emulator}`, ...volumes, ...HARDENED]
  }

  #mount(): void {
    const [secret, storeKey, adminToken] = this.secrets
    chmodSync(this.#folder, 0o755)
    const write = (name: string, text: string) => {
      mkdirSync(join(this.#folder, name, '..'), { recursive: true, mode: 0o755 })
      writeFileSync(join(this.#folder, name), text, { mode: 0o440 })
      chownSync(join(this.#folder, name), 0, UID)
    }
    write('config/sidekey.yaml', configuration())
    write('secrets/vonage', `${secret}\n`)
    write('secrets/store-key', `${storeKey}\n`)
    write('secrets/admin-token', adminToken)
    // As the kubelet gives a volume to a pod with an fsGroup: owned by root, writable by the group.
    mkdirSync(join(this.#folder, 'store'))
    chownSync(join(this.#folder, 'store'), 0, UID)
    chmodSync(join(this.#folder, 'store'), 0o2770)
  }

  #fetch(url: string, init: object): Answer {
    const script = `fetch(${JSON.stringify(url)},${JSON.stringify(init)}).then(async(r)=>console.log(
      JSON.stringify({status:r.status,body:await r.text()})),()=>console.log('{"status":0,"body":""}'))`
    return JSON.parse(podman(['exec', this.#emulator, 'node', '-e', script])) as Answer
  }
}

function configuration(): string {
  const url = `http://127.0.0.1:${EMULATOR_PORT}`
  return `
admin: { listen: 0.0.0.0:9901, tokenFile: /run/secrets/sidekey/admin-token }
store: { directory: /var/lib/sidekey/store, keyFile: /run/secrets/sidekey/store-key }
credentials:
  vonage:
    provider: vonage
    apiKey: ${API_KEY}
    secret: { file: /run/secrets/sidekey/vonage }
    rotation: { every: 5s, drain: 1s, revokeBootstrap: auto }
    baseUrls: { api: ${url}, rest: ${url} }
routes:
  - { preset: vonage, credential: vonage }
`
}

// A value that fits the provider's rule for secrets: lower, upper, digit, at most 25 characters.
function randomText(): string {
  return `aB3${randomBytes(11).toString('hex')}`
}

function randomKey(): string {
  return randomBytes(32).toString('base64')
}
