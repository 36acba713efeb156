import {
  chmodSync,
  cpSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, expect, test, vi } from 'vitest'
import { runCli } from './sidekey-process.ts'
import { CALM, endAll, raiseWorld, secretsEver, type World } from './world.ts'

interface Damage {
  readonly name: string
  readonly damage: (world: World, record: string) => void
  readonly says: RegExp
  readonly code: number
}

const DAMAGES: readonly Damage[] = [
  {
    name: 'a record that was cut off',
    damage: (_world, record) => writeFileSync(record, readFileSync(record).subarray(0, -20)),
    says: /vonage\.record was damaged or tampered with: restore the newest backup/,
    code: 1,
  },
  {
    name: 'an empty record',
    damage: (_world, record) => writeFileSync(record, ''),
    says: /vonage\.record is damaged, or no file of Sidekey/,
    code: 1,
  },
  {
    name: 'a record with one bit turned',
    damage: (_world, record) => {
      const bytes = readFileSync(record)
      bytes[bytes.length - 40] = (bytes[bytes.length - 40] ?? 0) ^ 1
      writeFileSync(record, bytes)
    },
    says: /vonage\.record was damaged or tampered with/,
    code: 1,
  },
  {
    name: 'a record that is gone',
    damage: (_world, record) => rmSync(record),
    says: /vonage\.record/,
    code: 1,
  },
  {
    name: 'another key',
    damage: ({ home }) => home.write('store-key', 'fedcba9876543210'.repeat(4)),
    says: /vonage\.(record|mark) was written with another key \(id \w{8}; the configured one is \w{8}\)/,
    code: 1,
  },
  {
    name: 'a key that was lost',
    damage: ({ home }) => renameSync(home.path('store-key'), home.path('store-key.gone')),
    says: /sidekey\.yaml:3 store\.keyFile: the file does not exist/,
    code: 78,
  },
  {
    name: 'a key of another length',
    damage: ({ home }) => home.write('store-key', '0123456789abcdef'),
    says: /store\.keyFile: holds no key of 32 bytes/,
    code: 78,
  },
]

const ends: (() => Promise<unknown>)[] = []
let world: World
let store: string
let record: string

beforeAll(async () => {
  world = await raiseWorld(CALM, ends)
  store = world.home.path('store')
  record = join(store, 'vonage.record')
  const sidekey = await world.start()
  await sidekey.logged((line) => line.event === 'rotation waits' && line['phase'] === 'staged')
  await sidekey.stop()
  cpSync(world.home.directory, `${world.home.directory}-whole`, { recursive: true })
})

beforeEach(() => {
  rmSync(world.home.directory, { recursive: true })
  cpSync(`${world.home.directory}-whole`, world.home.directory, { recursive: true })
  chmodSync(store, 0o700)
})

afterAll(async () => {
  rmSync(`${world.home.directory}-whole`, { recursive: true })
  await endAll(ends)
})

test.each(DAMAGES)('$name ends a start with the file’s name', async ({ damage, says, code }) => {
  const calls = world.emulator.control.requests().length
  damage(world, record)
  const ended = await runCli(['serve', '--config', world.home.path('sidekey.yaml')])
  expect(ended.code).toBe(code)
  expect(ended.err).toMatch(says)
  expect(ended.err).not.toContain('    at ')
  expect(world.emulator.control.requests()).toHaveLength(calls)
  for (const secret of secretsEver(world)) expect(ended.out + ended.err).not.toContain(secret)
})

test('an older backup of the record is told from the newest one', async () => {
  const backup = readFileSync(record)
  const sidekey = await world.start()
  await sidekey.command('rotate', 'vonage')
  await vi.waitFor(() => expect(readFileSync(record).equals(backup)).toBe(false), {
    timeout: 30_000,
  })
  await sidekey.stop()
  writeFileSync(record, backup, { mode: 0o600 })
  const ended = await runCli(['serve', '--config', world.home.path('sidekey.yaml')])
  expect(ended.code).toBe(1)
  expect(ended.err).toMatch(/vonage\.record/)
})

test('no file of the store holds a secret in the clear', async () => {
  const text = readdirSync(store)
    .map((name) => readFileSync(join(store, name), 'latin1'))
    .join('\n')
  expect(secretsEver(world).length).toBeGreaterThanOrEqual(2)
  for (const secret of secretsEver(world)) expect(text).not.toContain(secret)
})
