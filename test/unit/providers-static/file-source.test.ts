import { beforeEach, expect, test } from 'vitest'
import type { CredentialVersions } from '../../../src/kernel/credential.ts'
import { StoreUnavailableError } from '../../../src/kernel/errors.ts'
import type { VersionSource } from '../../../src/kernel/ports/version-source.ts'
import { SecretValue } from '../../../src/kernel/secret-value.ts'
import { createFileSource, type SecretReader } from '../../../src/providers/static/file-source.ts'
import { FakeClock } from '../../fakes/clock.ts'
import { RecordingLog } from '../../fakes/log.ts'

/** What the files hold now; null: not there. */
const files = { current: null as string | null, previous: null as string | null }
let clock: FakeClock
let log: RecordingLog

beforeEach(() => {
  clock = new FakeClock()
  log = new RecordingLog()
  Object.assign(files, { current: 'value-a', previous: 'value-z' })
})

const reader =
  (slot: keyof typeof files): SecretReader =>
  async () => {
    const text = files[slot]
    return text === null ? { message: 'the file is missing' } : new SecretValue(text)
  }

const source = (previous: SecretReader | null = reader('previous')) =>
  createFileSource({
    credentialId: 'partner',
    publicValues: { team: 'blue' },
    current: reader('current'),
    previous,
    watch: () => () => undefined,
    fingerprint: (value) => value.expose().replace('value-', 'fp-'),
    clock,
    log,
  })

/** Loads, and lets the time pass that a changed value must last. */
async function load(partner: VersionSource): Promise<CredentialVersions> {
  const loading = partner.load()
  loading.catch(() => undefined)
  await clock.advance(5_000)
  return loading
}

const summary = ({ versions }: CredentialVersions) =>
  versions.map(({ stage, versionId, generation }) => `${stage} ${versionId} ${generation}`)

test('offers the current secret first, then the previous one', async () => {
  const loaded = await load(source())
  expect(loaded).toMatchObject({ credentialId: 'partner', publicValues: { team: 'blue' } })
  expect(loaded.versions.map(({ stage, value }) => [stage, value.expose()])).toEqual([
    ['current', 'value-a'],
    ['previous', 'value-z'],
  ])
})

test('one secret is one version, whether there is no previous one or an equal one', async () => {
  files.previous = 'value-a'
  expect(summary(await load(source()))).toEqual(['current s-fp-a 2'])
  expect(summary(await load(source(null)))).toEqual(['current s-fp-a 2'])
  files.previous = null
  expect(summary(await load(source()))).toEqual(['current s-fp-a 2'])
})

test('a value keeps its id when it becomes the previous one, and generations rise', async () => {
  const partner = source()
  expect(summary(await load(partner))).toEqual(['current s-fp-a 2', 'previous s-fp-z 1'])
  Object.assign(files, { current: 'value-b', previous: 'value-a' })
  expect(summary(await load(partner))).toEqual(['current s-fp-b 4', 'previous s-fp-a 3'])
  expect(summary(await load(partner))).toEqual(['current s-fp-b 4', 'previous s-fp-a 3'])
  Object.assign(files, { current: 'value-a', previous: 'value-b' })
  expect(summary(await load(partner))).toEqual(['current s-fp-a 6', 'previous s-fp-b 5'])
})

test('a file that vanishes or is empty keeps the last good value, and the log says so once', async () => {
  const partner = source()
  const before = summary(await load(partner))
  Object.assign(files, { current: '', previous: null })
  expect(summary(await load(partner))).toEqual(before)
  expect(summary(await load(partner))).toEqual(before)
  expect(log.events).toEqual([
    {
      level: 'warn',
      event: 'secret not read',
      fields: { credential: 'partner', stage: 'current', reason: 'is empty', kept: true },
    },
    {
      level: 'warn',
      event: 'secret not read',
      fields: {
        credential: 'partner',
        stage: 'previous',
        reason: 'the file is missing',
        kept: true,
      },
    },
  ])
  files.current = 'value-b'
  expect(summary(await load(partner))).toEqual(['current s-fp-b 4', 'previous s-fp-z 3'])
})

test('a half-written value is not believed: only what stays the same is', async () => {
  const partner = source()
  await load(partner)
  files.current = 'value-'
  const loading = partner.load()
  await clock.advance(50)
  files.current = 'value-new'
  await clock.advance(5_000)
  expect(summary(await loading)[0]).toBe('current s-fp-new 4')
})

test('a value that never stays the same leaves the last good one in use', async () => {
  const partner = source()
  const before = summary(await load(partner))
  files.current = 'value-x'
  const loading = partner.load()
  for (let change = 0; change < 40; change++) {
    files.current = `value-${change}`
    await clock.advance(100)
  }
  expect(summary(await loading)).toEqual(before)
  expect(log.events.map(({ event }) => event)).toContain('secret keeps changing')
})

test('without any current secret the load fails and names the credential, then heals', async () => {
  const partner = source()
  files.current = null
  await expect(load(partner)).rejects.toThrow(StoreUnavailableError)
  await expect(load(partner)).rejects.toThrow('partner: the file is missing')
  files.current = 'value-a'
  expect(summary(await load(partner))[0]).toBe('current s-fp-a 2')
})
