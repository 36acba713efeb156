import { expect, test } from 'vitest'
import { CommandRefusedError } from '../../../src/kernel/errors.ts'
import { accountSecrets } from '../../../src/rotation/account-secrets.ts'
import { Bench } from './bench.ts'

test('names each listed secret by its stage, and asks about the values only when told to', async () => {
  const bench = new Bench()
  await bench.reach('staged')
  const { current, pending } = bench.record
  const secrets = await accountSecrets(bench.rotatorDeps(), bench.record, false)
  expect(secrets.map(({ id, stage, verdict }) => [id, stage, verdict])).toEqual([
    [current.secretId, 'current', null],
    [pending?.secretId, 'pending', null],
  ])
  const verified = await accountSecrets(bench.rotatorDeps(), bench.record, true)
  expect(verified.map(({ verdict }) => verdict)).toEqual(['accepted', 'accepted'])
})

test('tells a foreign secret from ours, and a version that is gone from one that is listed', async () => {
  const bench = new Bench()
  await bench.reach('staged')
  const { pending } = bench.record
  bench.provider.foreignRevoke(pending?.secretId ?? '')
  const foreign = bench.provider.foreignCreate('Foreign1Secret')
  const secrets = await accountSecrets(bench.rotatorDeps(), bench.record, true)
  expect(secrets.find(({ id }) => id === foreign)).toMatchObject({ stage: null, verdict: null })
  expect(secrets.find(({ stage }) => stage === 'pending')).toMatchObject({
    active: false,
    verdict: 'refused',
  })
})

test('a provider that gives no list is an answer for the operator', async () => {
  const bench = new Bench()
  await bench.reach('staged')
  bench.provider.failNext('list', { kind: 'forbidden' })
  await expect(accountSecrets(bench.rotatorDeps(), bench.record, false)).rejects.toThrow(
    CommandRefusedError,
  )
})
