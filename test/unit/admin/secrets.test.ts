import { expect, test } from 'vitest'
import { AdminWorld, problemOf } from './admin-world.ts'

interface Answer {
  readonly secrets: readonly { readonly stage: string; readonly verdict: string | null }[]
}

test('the secrets of an account are listed, and verified when asked', async () => {
  const world = new AdminWorld()
  const listed = (await (
    await world.ask('GET', '/api/credentials/vonage/secrets')
  ).json()) as Answer
  expect(listed.secrets.map(({ stage, verdict }) => [stage, verdict])).toEqual([
    ['current', null],
    ['pending', null],
  ])
  const path = '/api/credentials/vonage/secrets?verify=true'
  const verified = (await (await world.ask('GET', path)).json()) as Answer
  expect(verified.secrets.map(({ verdict }) => verdict)).toEqual(['accepted', 'accepted'])
})

test('an unknown credential has no secrets to list, and one of somebody else is not asked about', async () => {
  const world = new AdminWorld()
  const unknown = await world.ask('GET', '/api/credentials/nobody/secrets')
  expect([unknown.status, await problemOf(unknown)]).toMatchObject([
    404,
    { code: 'credential-unknown' },
  ])
  const watched = await world.ask('GET', '/api/credentials/partner/secrets')
  expect([watched.status, await problemOf(watched)]).toMatchObject([
    409,
    { code: 'command-refused' },
  ])
})
