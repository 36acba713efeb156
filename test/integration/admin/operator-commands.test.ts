import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { expect, test } from 'vitest'
import { runCommand } from '../../../src/cli/command.ts'
import { runHealthcheck } from '../../../src/cli/healthcheck.ts'
import { runShutdown } from '../../../src/cli/shutdown.ts'
import { runStatus } from '../../../src/cli/status.ts'
import { runWait } from '../../../src/cli/wait.ts'
import { settle } from '../../fakes/clock.ts'
import { credentialStatus, FakeControl } from '../../fakes/fake-control.ts'
import { AdminWorld } from '../../unit/admin/admin-world.ts'
import { OperatorWorld, stdin } from './operator-world.ts'

/** Nothing listens on the discard port of a test machine. */
const NOBODY = 'http://127.0.0.1:9'

test('status prints a table of every credential', async () => {
  await using world = await OperatorWorld.start()
  expect(await runStatus([], world.io())).toBe(0)
  expect(world.out).toEqual([
    'CREDENTIAL  PROVIDER  PHASE   REASON   LIVE SECRETS                                ROTATED        NEXT',
    'vonage      vonage    staged  not-due  current 9f8e7d6c5b4a, pending 0a1b2c3d4e5f  21 d 16 h ago  in 8 d 8 h',
    'partner     static    static  -        current 9f8e7d6c5b4a, pending 0a1b2c3d4e5f  21 d 16 h ago  in 8 d 8 h',
  ])
})

test("status of one credential adds its versions with the provider's ids", async () => {
  await using world = await OperatorWorld.start()
  expect(await runStatus(['vonage'], world.io())).toBe(0)
  expect(world.out.slice(3)).toEqual([
    'current   9f8e7d6c5b4a  made 21 d 16 h ago  used 21 d 15 h ago  id ad6dc56f-07b5-46e1-a527-85530e625800',
    'pending   0a1b2c3d4e5f  made 21 d 15 h ago  never used  id 3f8a1c20-5f3e-4e0c-9b52-0f4f6f1a2b3c',
  ])
})

test('what nobody knows of a version is said as such', async () => {
  await using world = await OperatorWorld.start()
  expect(await runStatus(['partner'], world.io())).toBe(0)
  expect(world.out.at(-1)).toBe('pending   0a1b2c3d4e5f  age not known  never used  id not known')
})

test('status --json prints what the API said', async () => {
  await using world = await OperatorWorld.start()
  expect(await runStatus(['--json'], world.io())).toBe(0)
  expect(JSON.parse(world.out.join('\n'))).toMatchObject({
    credentials: [{ id: 'vonage', nextRotationAt: '2026-12-01T08:00:00.000Z' }, { id: 'partner' }],
  })
})

test('what blocks a credential stands below it, and no text can steer the terminal', async () => {
  const blocked = {
    reason: 'slot-full-foreign',
    sinceMs: 0,
    detail: 'look\u001b[2J\nhere',
  } as const
  const control = new FakeControl(credentialStatus({ blocked, paused: true, reason: 'a\u202eb' }))
  await using world = await OperatorWorld.start(new AdminWorld({ control }))
  await runStatus([], world.io())
  expect(world.out[1]).toMatch(/staged, paused {2}a\?b/)
  expect(world.out[2]).toMatch(/^ {2}blocked for \d+ d: slot-full-foreign\. look\?\[2J\?here$/)
})

test('colours are for terminals only', async () => {
  await using world = await OperatorWorld.start()
  await runStatus([], world.io())
  expect(world.printed).not.toContain('\u001b')
  await runStatus([], world.io({ colours: true }))
  expect(world.printed).toContain('\u001b[32mstaged')
})

test.each([
  ['rotate', [], { kind: 'rotate', emergency: false }, 'vonage: rotate accepted (promoted, drain)'],
  [
    'rotate',
    ['--emergency'],
    { kind: 'rotate', emergency: true },
    'vonage: rotate accepted (promoted, drain)',
  ],
  [
    'rotate',
    ['--emergency', '--compromised', 'both'],
    { kind: 'rotate', emergency: true, compromised: ['current', 'pending'] },
    'vonage: rotate accepted (promoted, drain)',
  ],
  ['pause', [], { kind: 'pause' }, 'vonage: pause accepted (staged, not-due)'],
  ['resume', [], { kind: 'resume' }, 'vonage: resume accepted (staged, not-due)'],
  ['abort', [], { kind: 'abort' }, 'vonage: abort accepted (aborting, operator)'],
  [
    'revoke',
    ['abc'],
    { kind: 'revoke', secretId: 'abc' },
    'vonage: revoke accepted (staged, not-due)',
  ],
] as const)('%s %j is accepted and says the state', async (kind, rest, command, line) => {
  await using world = await OperatorWorld.start()
  expect(await runCommand(kind, ['vonage', ...rest], world.io())).toBe(0)
  expect(world.out).toEqual([line])
  expect(world.admin.control.commands).toEqual([{ credentialId: 'vonage', command }])
})

test('adopt takes the secret from a file or from standard input, without its final newline', async () => {
  await using world = await OperatorWorld.start()
  const file = await world.write('secret', 'Xy12345678\n')
  expect(await runCommand('adopt', ['vonage', 'abc', '--secret-file', file], world.io())).toBe(0)
  const piped = world.io({ stdin: stdin('Zw8765 "4321\n') })
  expect(await runCommand('adopt', ['vonage', 'abc'], piped)).toBe(0)
  const secrets = world.admin.control.commands.map(
    ({ command }) => command.kind === 'adopt' && command.secret.expose(),
  )
  expect(secrets).toEqual(['Xy12345678', 'Zw8765 "4321'])
  expect(world.printed).not.toMatch(/Xy12345678|Zw8765/)
})

test('a secret among the arguments is refused and not repeated', async () => {
  await using world = await OperatorWorld.start()
  for (const argv of [
    ['vonage', 'abc', 'Xy12345678'],
    ['vonage', 'abc', '--secret=Xy12345678'],
  ]) {
    expect(await runCommand('adopt', argv, world.io())).toBe(64)
  }
  expect(world.err[0]).toMatch(/^usage: sidekey adopt CREDENTIAL SECRET_ID \[--secret-file FILE\]/)
  expect(world.printed).not.toContain('Xy12345678')
  expect(world.admin.control.commands).toEqual([])
})

test('an empty secret and a secret file that is not there are named', async () => {
  await using world = await OperatorWorld.start()
  expect(await runCommand('adopt', ['vonage', 'abc'], world.io({ stdin: stdin('\n') }))).toBe(1)
  expect(world.err.pop()).toBe('standard input is empty: pipe the secret into it')
  const missing = ['vonage', 'abc', '--secret-file', `${world.directory}/none`]
  expect(await runCommand('adopt', missing, world.io())).toBe(1)
  expect(world.err.pop()).toMatch(/none: the file does not exist; create or mount it/)
})

test.each([
  ['an unknown credential', ['nobody'], 'There is no such credential (credential-unknown)'],
  [
    'a credential that somebody else rotates',
    ['partner'],
    'The credential can not do this now: somebody else rotates this credential (command-refused)',
  ],
])('a command for %s fails with the reason', async (_name, argv, line) => {
  await using world = await OperatorWorld.start()
  expect(await runCommand('rotate', argv, world.io())).toBe(1)
  expect(world.err).toEqual([line])
})

test('a missing or wrong token says which option to use', async () => {
  await using world = await OperatorWorld.start()
  const wrong = await world.write('wrong', 'guess')
  expect(await runStatus([], world.io({ env: { SIDEKEY_ADMIN: world.url } }))).toBe(1)
  expect(await runStatus(['--token-file', wrong], world.io())).toBe(1)
  expect(new Set(world.err)).toEqual(
    new Set([
      'The admin token is missing or wrong: name the file of admin.tokenFile with --token-file (token-required)',
    ]),
  )
})

test('an API that is off says which key turns it on', async () => {
  await using world = await OperatorWorld.start()
  world.admin.token = null
  expect(await runStatus([], world.io())).toBe(1)
  expect(world.err[0]).toContain('set admin.tokenFile')
})

test('nobody at the address is said with the address and the remedy', async () => {
  await using world = await OperatorWorld.start()
  for (const run of [runStatus, runShutdown, runHealthcheck]) {
    expect(await run(['--admin', NOBODY], world.io())).toBe(1)
    expect(world.err.pop()).toBe(
      `no answer from ${NOBODY} (ECONNREFUSED): is sidekey running there? --admin names another address`,
    )
  }
})

test.each([
  [['--admin', 'localhost:9901']],
  [['--admin', 'http://user:Xy12345678@localhost']],
  [['--admin', 'http://localhost/path']],
  [['--unknown=Xy12345678']],
  [['one', 'two']],
])('the command line %j is refused with 64', async (argv) => {
  await using world = await OperatorWorld.start()
  expect(await runStatus(argv, world.io())).toBe(64)
  expect(world.printed).toMatch(/^usage: sidekey status|^--admin is no address/)
  expect(world.printed).not.toContain('Xy12345678')
})

test.each([
  [200, '<h1>hello</h1>', 'something unknown'],
  [200, '{"credentials":[{"id":"x"}]}', 'something unknown'],
  [502, 'Bad Gateway', 'with status 502'],
])('an answer of something else (%i %s) is not taken for sidekey', async (status, body, seen) => {
  await using world = await OperatorWorld.start()
  const other = createServer((_request, response) => response.writeHead(status).end(body))
  await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve))
  const admin = `http://127.0.0.1:${(other.address() as AddressInfo).port}`
  expect(await runStatus(['--admin', admin], world.io())).toBe(1)
  other.close()
  expect(world.err).toEqual([
    `${admin} answers ${seen}, not as sidekey's admin port: is --admin right?`,
  ])
})

test('a credential whose name looks like a path reaches no other path', async () => {
  await using world = await OperatorWorld.start()
  expect(await runStatus(['../../metrics'], world.io())).toBe(1)
  expect(world.err[0]).toContain('credential-unknown')
})

test('wait keeps its process alive between two questions', async () => {
  await using world = await OperatorWorld.start()
  world.admin.readiness = { ready: false, reasons: ['starting'] }
  const source = `
    import { runWait } from '${import.meta.dirname}/../../../src/cli/wait.ts'
    import { SystemClock } from '${import.meta.dirname}/../../../src/platform/system-clock.ts'
    const io = { out: console.log, err: console.error, env: {}, clock: new SystemClock() }
    process.exitCode = await runWait(['--admin', '${world.url}', '--timeout', '600ms'], io)`
  const child = spawn(process.execPath, ['--input-type=module-typescript', '--eval', source])
  const [code] = (await once(child, 'exit')) as [number]
  expect(code).toBe(1)
})

test('healthcheck is silent when ready and names the reasons when not', async () => {
  await using world = await OperatorWorld.start()
  expect(await runHealthcheck([], world.io({ env: { SIDEKEY_ADMIN: world.url } }))).toBe(0)
  expect(world.printed).toBe('')
  world.admin.readiness = { ready: false, reasons: ['credential vonage has no usable secret'] }
  expect(await runHealthcheck([], world.io())).toBe(1)
  expect(world.err).toEqual(['[-] credential vonage has no usable secret', 'not ready'])
})

test('wait returns as soon as sidekey is ready', async () => {
  await using world = await OperatorWorld.start()
  world.admin.readiness = { ready: false, reasons: ['starting'] }
  const waiting = runWait([], world.io())
  await untilAsleep(world)
  world.admin.readiness = { ready: true, reasons: [] }
  await world.admin.clock.advance(250)
  expect(await waiting).toBe(0)
})

test('wait ends at its timeout with the last reasons', async () => {
  await using world = await OperatorWorld.start()
  world.admin.readiness = { ready: false, reasons: ['starting'] }
  const waiting = runWait(['--timeout', '400ms'], world.io())
  for (const stepMs of [250, 150]) {
    await untilAsleep(world)
    await world.admin.clock.advance(stepMs)
  }
  expect(await waiting).toBe(1)
  expect(world.err).toEqual(['not ready after 400ms', '[-] starting', 'not ready'])
})

test('wait bears a port that nobody listens on yet, and refuses a time that is none', async () => {
  await using world = await OperatorWorld.start()
  const waiting = runWait(['--admin', NOBODY, '--timeout', '100ms'], world.io())
  await untilAsleep(world)
  await world.admin.clock.advance(100)
  expect(await waiting).toBe(1)
  expect(world.err.pop()).toContain('ECONNREFUSED')
  expect(await runWait(['--timeout', 'soon'], world.io())).toBe(64)
  expect(world.err.pop()).toBe('--timeout is no duration: write 500ms, 5s, 10m, 1h or 30d')
})

test('shutdown asks for the stop', async () => {
  await using world = await OperatorWorld.start()
  expect(await runShutdown([], world.io())).toBe(0)
  expect([world.out, world.admin.quits]).toEqual([['stopping'], 1])
})

/** Lets real sockets work until the command waits for the clock. */
async function untilAsleep(world: OperatorWorld): Promise<void> {
  while (world.admin.clock.pending === 0) await settle()
}

test('rotate --dry-run shows what would happen, and asks for nothing', async () => {
  const control = new FakeControl(credentialStatus())
  await using world = await OperatorWorld.start(new AdminWorld({ control }))
  expect(await runCommand('rotate', ['vonage', '--dry-run'], world.io())).toBe(0)
  expect(world.out).toEqual([
    'a rotation of vonage now; nothing was changed',
    'AFTER  PHASE   STEP     WHY',
    '0 s    staged  promote  requested',
    'then it is at rest again',
  ])
  expect(control.commands).toEqual([])
})

test('rotate --dry-run says what would stop it, and exits with 1', async () => {
  const blocked = { reason: 'member-silent', sinceMs: 0, detail: 'bring it back' } as const
  const control = new FakeControl(credentialStatus({ blocked }))
  await using world = await OperatorWorld.start(new AdminWorld({ control }))
  const argv = ['vonage', '--dry-run', '--emergency', '--json']
  expect(await runCommand('rotate', argv, world.io())).toBe(1)
  expect(JSON.parse(world.printed)).toMatchObject({
    steps: [{ step: 'promote', reason: 'emergency', afterSeconds: 0 }],
    stopsFor: 'member-silent',
  })
  expect(control.commands).toEqual([])
})

test('status tells how far a staged promotion is', async () => {
  const rollout = { share: 0.1, sinceMs: 0, watchedMs: 240_000, requests: 1_204, refusals: 2 }
  const control = new FakeControl(credentialStatus({ reason: 'staged-promotion', rollout }))
  await using world = await OperatorWorld.start(new AdminWorld({ control }))
  await runStatus([], world.io())
  expect(world.out[2]).toBe(
    '  10% of the requests start with pending, watched for 4 min: 1204 so far, 2 refused',
  )
})

test('rotate --dry-run does not pretend to know what leaked', async () => {
  const control = new FakeControl(credentialStatus())
  await using world = await OperatorWorld.start(new AdminWorld({ control }))
  const argv = ['vonage', '--dry-run', '--emergency', '--compromised', 'pending']
  expect(await runCommand('rotate', argv, world.io())).toBe(64)
  expect(world.printed).toContain('leave out --compromised')
})
