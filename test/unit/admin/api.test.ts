import { expect, test } from 'vitest'
import { StoreUnavailableError } from '../../../src/kernel/errors.ts'
import { ADMIN_ROTATE_BURST, ADMIN_ROTATE_REFILL_MS } from '../../../src/kernel/limits.ts'
import { credentialStatus, FakeControl } from '../../fakes/fake-control.ts'
import { AdminWorld, problemOf } from './admin-world.ts'

const VONAGE = {
  id: 'vonage',
  provider: 'vonage',
  phase: 'staged',
  reason: 'not-due',
  paused: false,
  blocked: null,
  versions: [
    {
      stage: 'current',
      id: 'ad6dc56f-07b5-46e1-a527-85530e625800',
      fingerprint: '9f8e7d6c5b4a',
      createdAt: '2026-11-01T08:00:00.000Z',
      lastUsedAt: '2026-11-01T08:01:00.000Z',
    },
    {
      stage: 'pending',
      id: '3f8a1c20-5f3e-4e0c-9b52-0f4f6f1a2b3c',
      fingerprint: '0a1b2c3d4e5f',
      createdAt: '2026-11-01T09:00:00.000Z',
      lastUsedAt: null,
    },
  ],
  rollout: null,
  lastRotationAt: '2026-11-01T08:00:00.000Z',
  nextRotationAt: '2026-12-01T08:00:00.000Z',
}

test('the credentials are told in the promised shape, times in RFC 3339', async () => {
  const world = new AdminWorld()
  const one = await world.ask('GET', '/api/credentials/vonage')
  expect(await one.json()).toEqual(VONAGE)
  const all = (await (await world.ask('GET', '/api/credentials')).json()) as {
    credentials: { id: string }[]
  }
  expect(Object.keys(all)).toEqual(['credentials'])
  expect(all.credentials[0]).toEqual(VONAGE)
  expect(all.credentials.map(({ id }) => id)).toEqual(['vonage', 'partner'])
  expect(all.credentials[1]).toMatchObject({ versions: [{ id: null, createdAt: null }, {}] })
})

test('a blocked credential tells why and since when', async () => {
  const blocked = { reason: 'slot-full-foreign', sinceMs: 0, detail: 'revoke one by hand' } as const
  const world = new AdminWorld({ control: new FakeControl(credentialStatus({ blocked })) })
  expect(await (await world.ask('GET', '/api/credentials/vonage')).json()).toMatchObject({
    blocked: {
      reason: 'slot-full-foreign',
      since: '1970-01-01T00:00:00.000Z',
      detail: 'revoke one by hand',
    },
  })
})

test.each([
  ['rotate', undefined, { kind: 'rotate', emergency: false }],
  ['rotate', { emergency: true }, { kind: 'rotate', emergency: true }],
  [
    'rotate',
    { emergency: true, compromised: ['pending'] },
    { kind: 'rotate', emergency: true, compromised: ['pending'] },
  ],
  ['pause', {}, { kind: 'pause' }],
  ['resume', undefined, { kind: 'resume' }],
  ['abort', undefined, { kind: 'abort' }],
  ['revoke', { secretId: 'abc' }, { kind: 'revoke', secretId: 'abc' }],
])(
  '%s with %j reaches the rotation and is answered with the credential',
  async (word, body, command) => {
    const world = new AdminWorld()
    const response = await world.ask('POST', `/api/credentials/vonage/${word}`, body)
    expect(response.status).toBe(202)
    expect(await response.json()).toMatchObject({ id: 'vonage', provider: 'vonage' })
    expect(world.control.commands).toEqual([{ credentialId: 'vonage', command }])
  },
)

test('an adopted secret arrives as a value that nothing prints', async () => {
  const world = new AdminWorld()
  const body = { secretId: 'abc', secret: 'Xy12345678' }
  expect((await world.ask('POST', '/api/credentials/vonage/adopt', body)).status).toBe(202)
  const [sent] = world.control.commands
  expect(JSON.stringify([sent, world.log.events])).not.toContain('Xy12345678')
  expect(sent?.command.kind === 'adopt' && sent.command.secret.expose()).toBe('Xy12345678')
})

test.each([
  ['rotate', { emergency: 'yes' }, 422, 'request-invalid'],
  ['rotate', { emergency: true, compromised: ['previous'] }, 422, 'request-invalid'],
  ['rotate', { compromised: ['pending'] }, 422, 'request-invalid'],
  ['rotate', { emergncy: true }, 422, 'request-invalid'],
  ['adopt', { secretId: 'abc' }, 422, 'request-invalid'],
  ['adopt', { secretId: 'abc', secret: { x: 'Xy12345678' } }, 422, 'request-invalid'],
  ['adopt', '{"secretId":"abc","secret":"Xy12345678"', 400, 'body-malformed'],
  ['revoke', { secretId: '' }, 422, 'request-invalid'],
  ['pause', [], 422, 'request-invalid'],
  ['pause', 'null', 422, 'request-invalid'],
  ['adopt', { secretId: 'abc', secret: 'x'.repeat(70_000) }, 413, 'body-too-large'],
])('%s with a body that does not fit changes nothing: %j', async (word, body, status, code) => {
  const world = new AdminWorld()
  const response = await world.ask('POST', `/api/credentials/vonage/${word}`, body)
  const text = await response.clone().text()
  expect(await problemOf(response)).toMatchObject({ status, code })
  expect(text).not.toContain('Xy12345678')
  expect(world.control.commands).toEqual([])
})

test.each(['text/plain', 'application/x-www-form-urlencoded', 'application/jsonp', null])(
  'a body of the type %s is refused',
  async (type) => {
    const world = new AdminWorld()
    const response = await world.ask('POST', '/api/credentials/vonage/pause', '{}', {
      'content-type': type,
    })
    expect(await problemOf(response)).toMatchObject({ status: 415, code: 'content-type-not-json' })
    expect(world.control.commands).toEqual([])
  },
)

test('an unknown credential is 404, in a command and in a question', async () => {
  const world = new AdminWorld()
  for (const [method, path] of [
    ['GET', '/api/credentials/nobody'],
    ['POST', '/api/credentials/nobody/rotate'],
    ['GET', '/api/credentials/__proto__'],
  ] as const) {
    expect(await problemOf(await world.ask(method, path))).toMatchObject({
      status: 404,
      code: 'credential-unknown',
    })
  }
})

test('an unknown command is 404', async () => {
  const response = await new AdminWorld().ask('POST', '/api/credentials/vonage/explode')
  expect(await problemOf(response)).toMatchObject({ status: 404, code: 'not-found' })
})

test('a command that the phase forbids is 409 with the reason', async () => {
  const response = await new AdminWorld().ask('POST', '/api/credentials/partner/rotate')
  expect(await problemOf(response)).toMatchObject({
    status: 409,
    code: 'command-refused',
    detail: 'somebody else rotates this credential',
  })
})

test('commands are logged with who was meant and what was asked', async () => {
  const world = new AdminWorld()
  await world.ask('POST', '/api/credentials/vonage/rotate', { emergency: true })
  await world.ask('POST', '/api/credentials/partner/pause')
  expect(
    world.log.events.map(({ level, event, fields }) => [
      level,
      event,
      fields['credential'],
      fields['command'],
    ]),
  ).toEqual([
    ['info', 'operator command', 'vonage', 'rotate'],
    ['warn', 'operator command refused', 'partner', 'pause'],
  ])
})

test('a loop of rotations is slowed down, per credential, and an emergency still passes', async () => {
  const world = new AdminWorld()
  const rotate = (body?: unknown) => world.ask('POST', '/api/credentials/vonage/rotate', body)
  for (let n = 0; n < ADMIN_ROTATE_BURST; n++) expect((await rotate()).status).toBe(202)
  const refused = await rotate()
  expect(refused.headers.get('retry-after')).toBe(String(ADMIN_ROTATE_REFILL_MS / 1000))
  expect(await problemOf(refused)).toMatchObject({ status: 429, code: 'rate-limited' })
  expect(world.control.commands).toHaveLength(ADMIN_ROTATE_BURST)
  expect((await rotate({ emergency: true })).status).toBe(202)
  await world.clock.advance(ADMIN_ROTATE_REFILL_MS)
  expect((await rotate()).status).toBe(202)
  expect((await rotate()).status).toBe(429)
})

test('a reload that fails is 422 with every issue', async () => {
  const world = new AdminWorld()
  expect(await (await world.ask('POST', '/reload')).json()).toEqual({ reloaded: true })
  const issue = {
    path: 'proxy.listn',
    line: 3,
    message: 'unknown key',
    remedy: 'did you mean listen',
  }
  world.reloadResult = { ok: false, issues: [issue] }
  expect(await problemOf(await world.ask('POST', '/reload'))).toMatchObject({
    status: 422,
    code: 'configuration-invalid',
    issues: [issue],
  })
  expect(world.reloads).toBe(2)
})

test('quitquitquit starts the stop and says so', async () => {
  const world = new AdminWorld()
  expect((await world.ask('POST', '/quitquitquit')).status).toBe(202)
  expect(world.quits).toBe(1)
})

test('a store that is down is 503, anything else 500, and neither says what broke', async () => {
  const world = new AdminWorld()
  world.control.failWith(new StoreUnavailableError('lock held by Xy12345678'))
  const down = await problemOf(await world.ask('GET', '/api/credentials'))
  expect(down).toMatchObject({ status: 503, code: 'store-unavailable' })
  world.control.failWith(new TypeError('Xy12345678 is not a function'))
  const broken = await problemOf(await world.ask('GET', '/api/credentials'))
  expect(broken).toMatchObject({ status: 500, code: 'internal' })
  expect(JSON.stringify([down, broken])).not.toContain('Xy12345678')
  expect(world.log.events.map(({ event }) => event)).toEqual(['admin request failed'])
})

test('a plan is told, and a GET records no wish', async () => {
  const control = new FakeControl(credentialStatus())
  const world = new AdminWorld({ control })
  const answer = await world.ask('GET', '/api/credentials/vonage/plan?emergency=true')
  expect(await answer.json()).toEqual({
    steps: [
      {
        afterSeconds: 0,
        phase: 'staged',
        step: 'promote',
        reason: 'emergency',
        secret: null,
        forSeconds: 0,
      },
    ],
    stopsFor: null,
  })
  expect(control.commands).toEqual([])
  expect((await world.ask('GET', '/api/credentials/nobody/plan')).status).toBe(404)
})
