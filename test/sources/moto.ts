import { type ChildProcess, spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { request } from 'undici'
import { SecretValue } from '../../src/kernel/secret-value.ts'
import { signAwsRequest } from '../../src/signers/sigv4/sign-aws-request.ts'

const REGION = 'eu-central-1'
/** Who sets the scene, before moto asks for anybody's rights. */
const ROOT = {
  accessKeyId: 'AKIAEXAMPLE0000000001',
  secretAccessKey: new SecretValue('not-checked'),
  sessionToken: null,
}

/** A running moto: many services of AWS in one server, with signatures and rights checked from `enforce` on. */
export class Moto {
  readonly url: string
  readonly #child: ChildProcess

  private constructor(child: ChildProcess, url: string) {
    this.#child = child
    this.url = url
  }

  static async start(command: string): Promise<Moto> {
    const child = spawn(command, ['-H', '127.0.0.1', '-p', '0'], {
      stdio: ['ignore', 'ignore', 'pipe'],
    })
    for await (const line of createInterface({ input: child.stderr })) {
      const [, url] = /Running on (http:\/\/127\.0\.0\.1:\d+)/.exec(line) ?? []
      if (url === undefined) continue
      child.stderr.resume()
      return new Moto(child, url)
    }
    throw new Error('moto ended before it listened')
  }

  kill(): void {
    this.#child.kill()
  }

  /** A call of Secrets Manager. */
  async secretsManager(action: string, input: object): Promise<void> {
    await this.#call('secretsmanager', JSON.stringify(input), [
      'content-type',
      'application/x-amz-json-1.1',
      'x-amz-target',
      `secretsmanager.${action}`,
    ])
  }

  /** A call of IAM; the answer is XML. */
  iam(input: Readonly<Record<string, string>>): Promise<string> {
    const body = new URLSearchParams({ Version: '2010-05-08', ...input }).toString()
    return this.#call('iam', body, ['content-type', 'application/x-www-form-urlencoded'])
  }

  /** From now on every call needs a right signature and the right to do it. */
  async enforce(): Promise<void> {
    await request(`${this.url}/moto-api/reset-auth`, { method: 'POST', body: '0' })
  }

  async #call(service: string, body: string, fields: readonly string[]): Promise<string> {
    const unsigned = {
      method: 'POST',
      host: new URL(this.url).host,
      path: '/',
      query: null,
      fields,
    }
    const payload = Buffer.from(body)
    const scope = { region: REGION, service }
    const signed = signAwsRequest({ ...unsigned, payload }, ROOT, scope, Date.now())
    const answer = await request(`${this.url}/`, {
      method: 'POST',
      headers: [...fields, ...signed],
      body,
    })
    const text = await answer.body.text()
    if (answer.statusCode !== 200) throw new Error(`${service}: ${answer.statusCode} ${text}`)
    return text
  }
}
