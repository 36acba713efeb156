import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { runEmulator } from '../../../src/cli/emulator.ts'
import { FakeClock } from '../../fakes/clock.ts'
import { SeededRandom } from '../../fakes/random.ts'
import { basic } from './emulator.ts'

async function run(...argv: readonly string[]) {
  const out: string[] = []
  const err: string[] = []
  const io = {
    stdout: { write: (text: string) => out.push(text) },
    stderr: { write: (text: string) => err.push(text) },
  }
  const result = await runEmulator(argv, io, {
    clock: new FakeClock(),
    random: new SeededRandom(1),
  })
  return { result, out: out.join(''), err: err.join('') }
}

async function statusOf(port: number, key: string, secret: string): Promise<number> {
  const url = `http://127.0.0.1:${port}/accounts/${key}/secrets`
  return (await fetch(url, { headers: basic(key, secret) })).status
}

/** Runs it, asks for the status of each account, and closes it. */
async function statuses(argv: readonly string[], pairs: readonly (readonly [string, string])[]) {
  const { result } = await run(...argv)
  if (result.kind !== 'running') throw new Error('it did not start')
  const found = await Promise.all(pairs.map(([key, value]) => statusOf(result.port, key, value)))
  await result.close()
  return found
}

test('the first line on stdout says where it listens', async () => {
  const { result, out, err } = await run()
  if (result.kind !== 'running') throw new Error('it did not start')
  expect(out).toBe(`{"listening":${result.port}}\n`)
  expect(err).toBe('')
  await result.close()
  await expect(statusOf(result.port, 'a', 'b')).rejects.toThrow()
})

test('accounts and secondary accounts are taken from the arguments', async () => {
  const argv = ['--account', 'abcd1234=One,Two', '--account', 'efab5678=x=y']
  const secondaries = ['--secondary', 'sub00001=Sub1', '--secondary', 'sub00002=Sub2@efab5678']
  const pairs = [
    ['abcd1234', 'One'],
    ['abcd1234', 'Two'],
    ['efab5678', 'x=y'],
    ['sub00001', 'Sub1'],
    ['sub00002', 'Sub2'],
    ['abcd1234', 'Three'],
  ] as const
  expect(await statuses([...argv, ...secondaries], pairs)).toEqual([200, 200, 200, 200, 200, 401])
})

test('accounts are taken from a file, so that no secret stands in the arguments', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'sidekey-emulator-'))
  const file = join(directory, 'accounts.json')
  const accounts = [{ key: 'abcd1234', secrets: ['One'] }]
  const secondaries = [{ key: 'sub00001', primary: 'abcd1234', secrets: ['Sub1'] }]
  await writeFile(file, JSON.stringify({ accounts, secondaries }))
  const pairs = [
    ['abcd1234', 'One'],
    ['sub00001', 'Sub1'],
  ] as const
  expect(await statuses(['--accounts-file', file], pairs)).toEqual([200, 200])
  await writeFile(file, '{"accounts":[{"key":"abcd1234","secrets":["Planted"],"x":1}]}')
  const { result, err } = await run('--accounts-file', file)
  expect(result).toEqual({ kind: 'ended', exitCode: 64 })
  expect(err).toContain('accounts.0')
  expect(err).not.toContain('Planted')
  await rm(directory, { recursive: true })
})

test.each([
  ['an argument that stands alone', ['Planted'], 'without its option'],
  ['an unknown option', ['--bogus'], '--help'],
  ['a port that is none', ['--port', '70000'], '--port'],
  ['an account without a secret', ['--account', 'abcd1234'], 'KEY=SECRET'],
  ['an empty secret', ['--account', 'abcd1234=Planted,'], 'KEY=SECRET'],
  ['three secrets', ['--account', 'abcd1234=Planted,b,c'], 'KEY=SECRET'],
  ['a secondary without a secret', ['--secondary', 'x'], '@PRIMARY'],
  ['an unknown primary', ['--secondary', 'sub00001=Planted@nobody'], '--account'],
  ['a key twice', ['--account', 'a=Planted', '--account', 'a=c'], 'twice'],
  ['a file that is missing', ['--accounts-file', '/no/such/file'], '--accounts-file'],
])('%s ends with 64 and a remedy, without the secret', async (_name, argv, remedy) => {
  const { result, out, err } = await run(...argv)
  expect(result).toEqual({ kind: 'ended', exitCode: 64 })
  expect(out).toBe('')
  expect(err).toContain(remedy)
  expect(err).not.toContain('Planted')
})

test('a taken port ends with 1', async () => {
  const first = await run()
  if (first.result.kind !== 'running') throw new Error('it did not start')
  const second = await run('--port', String(first.result.port))
  expect(second.result).toEqual({ kind: 'ended', exitCode: 1 })
  expect(second.err).toContain('EADDRINUSE')
  await first.result.close()
})

test('help warns of secrets in arguments', async () => {
  const { result, out } = await run('--help')
  expect(result).toEqual({ kind: 'ended', exitCode: 0 })
  expect(out).toContain('fake secrets only')
})
