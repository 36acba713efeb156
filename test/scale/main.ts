import { randomBytes } from 'node:crypto'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { startAccounts } from './accounts.ts'
import { SidekeyRun } from './sidekey-run.ts'

/**
 * `node test/scale/main.ts --accounts 10000 [--entry src/main.ts] [--seconds 30] [--heap 256]`: how one Sidekey does with
 * many accounts that rotate, under the image's flags but for its heap, in MiB. Starts it twice, on an empty store and on the
 * one that it left, and prints what it measured.
 */
const { values } = parseArgs({
  options: {
    accounts: { type: 'string', default: '10000' },
    entry: { type: 'string', default: 'dist/sidekey.mjs' },
    seconds: { type: 'string', default: '30' },
    heap: { type: 'string', default: '256' },
  },
})
const count = Number(values.accounts)
const directory = await mkdtemp(join(tmpdir(), 'sidekey-scale-'))
const accounts = await startAccounts()
try {
  const config = await writeConfig()
  for (const store of ['an empty store', 'its own store']) {
    const run = await SidekeyRun.start(values.entry, config, values.heap)
    accounts.begun.length = 0
    await run.rest(Number(values.seconds) * 1_000)
    const [rssMb, cpuSeconds] = [await run.rssMb(), await run.cpuSeconds()]
    process.stdout.write(
      `${count} accounts, ${store}: ready after ${run.readyMs} ms, RSS ${run.rssAtReadyMb} MB then ${rssMb} MB (target: 3,000 ms, 256 MB), ` +
        `CPU ${cpuSeconds.toFixed(1)} s, creates ${accounts.begun.length} in ${values.seconds} s ` +
        `(at most ${mostWithinASecond(accounts.begun)} in a second)\n`,
    )
    // A scrape of so many series costs memory and time of its own.
    const { series, tookMs, stalledMs } = await run.scrape()
    process.stdout.write(
      `  a scrape of ${series} series took ${tookMs} ms, no other answer for ${stalledMs} ms of them, RSS ${await run.rssMb()} MB after\n`,
    )
    await run.stop()
  }
} finally {
  accounts.close()
  await rm(directory, { recursive: true, force: true })
}

async function writeConfig(): Promise<string> {
  const file = (name: string) => join(directory, name)
  await writeFile(file('key'), randomBytes(32).toString('base64'), { mode: 0o600 })
  await writeFile(file('token'), randomBytes(32).toString('base64'), { mode: 0o600 })
  await writeFile(file('secret'), 'Bootstrap0Secret', { mode: 0o600 })
  const urls = `{ api: "${accounts.origin}", rest: "${accounts.origin}" }`
  const numbers = Array.from({ length: count }, (_, number) => number)
  const lines = [
    'log: { level: warn }',
    'proxy: { listen: 127.0.0.1:18291 }',
    `admin: { listen: 127.0.0.1:18292, tokenFile: ${file('token')} }`,
    `store: { type: file, directory: ${file('store')}, keyFile: ${file('key')} }`,
    'credentials:',
    ...numbers.map((n) => {
      const apiKey = n.toString(16).padStart(8, '0')
      return `  c${n}: { provider: vonage, apiKey: "${apiKey}", secret: { file: ${file('secret')} }, baseUrls: ${urls} }`
    }),
    'routes:',
    ...numbers.map((n) => `  - { preset: vonage, credential: c${n} }`),
  ]
  await writeFile(file('config.yaml'), lines.join('\n'))
  return file('config.yaml')
}

function mostWithinASecond(instants: readonly number[]): number {
  return Math.max(
    0,
    ...instants.map((from) => instants.filter((at) => at >= from && at < from + 1_000).length),
  )
}
