import { createHash } from 'node:crypto'
import { expect, test } from 'vitest'
import { formatAge, formatInstant } from '../../../src/admin/format-age.ts'
import type { CredentialStatus } from '../../../src/kernel/ports/rotation-control.ts'
import { credentialStatus, FakeControl } from '../../fakes/fake-control.ts'
import { AdminWorld } from './admin-world.ts'

async function pageOf(world: AdminWorld): Promise<string> {
  const response = await world.ask('GET', '/', undefined, { authorization: null })
  expect(response.status).toBe(200)
  expect(response.headers.get('content-type')).toBe('text/html; charset=UTF-8')
  return response.text()
}

const showing = (change: Partial<CredentialStatus>) =>
  pageOf(new AdminWorld({ control: new FakeControl(credentialStatus(change)) }))

test('the page shows phase, versions, fingerprints and times of each credential', async () => {
  const page = await pageOf(new AdminWorld())
  for (const text of ['vonage', 'staged', 'not-due', '9f8e7d6c5b4a', 'never used', 'in 8 d 8 h']) {
    expect(page).toContain(text)
  }
  expect(page).toContain('aria-label="phase staged"')
  expect(page).toContain('Somebody else rotates it')
  expect(page).toContain('age not known')
})

test('the policy allows exactly the style and the script of the page', async () => {
  const response = await new AdminWorld().ask('GET', '/')
  const policy = response.headers.get('content-security-policy') ?? ''
  const page = await response.text()
  for (const [tag, directive] of [
    ['style', 'style-src'],
    ['script', 'script-src'],
  ]) {
    const contents = [...page.matchAll(new RegExp(`<${tag}>([^]*?)</${tag}>`, 'g'))]
    expect(contents).toHaveLength(1)
    const hash = createHash('sha256').update(contents[0]![1]!).digest('base64')
    expect(policy).toContain(`${directive} 'sha256-${hash}'`)
  }
  expect(policy).toContain("default-src 'none'")
  expect(policy).not.toContain('unsafe')
  expect(page).not.toMatch(/ style="| on[a-z]+="|https?:\/\//)
})

test('what a configuration or a provider names is escaped', async () => {
  const evil = '<script>alert("x")</script>'
  const page = await showing({
    id: evil,
    provider: evil,
    reason: evil,
    blocked: { reason: 'no-working-secret', sinceMs: 0, detail: evil },
  })
  expect(page).not.toContain('<script>alert')
  expect(page).toContain('&lt;script&gt;alert')
})

test('without a token the page has no buttons and says how to get them', async () => {
  const world = new AdminWorld()
  world.token = null
  const page = await pageOf(world)
  expect(page).not.toContain('<button')
  expect(page).toContain('admin.tokenFile')
})

test('every button waits for the token, and none is a form that could be sent without script', async () => {
  const page = await pageOf(new AdminWorld())
  const buttons = page.match(/<button[^>]*>/g) ?? []
  expect(buttons.length).toBeGreaterThan(2)
  for (const button of buttons) expect(button).toMatch(/type="button"[^]*disabled/)
  expect(page).not.toContain('<form')
})

test('a blocked credential comes first, with its reason, its remedy and a way to retry', async () => {
  const blocked = {
    reason: 'slot-full-foreign',
    sinceMs: Date.parse('2026-11-22T00:00:00Z'),
    detail: 'Revoke one.',
  } as const
  const control = new FakeControl(credentialStatus(), credentialStatus({ id: 'stuck', blocked }))
  const page = await pageOf(new AdminWorld({ control }))
  expect(page.indexOf('credential-stuck')).toBeLessThan(page.indexOf('credential-vonage'))
  expect(page).toMatch(/Blocked: slot-full-foreign<\/strong\s*>\s*for 1 d\.\s+Revoke one\./)
  expect(page).toContain('data-command="retry"')
})

test('the bootstrap secret that waits for consent can be revoked here', async () => {
  const versions = credentialStatus().versions.map((version) =>
    version.stage === 'pending' ? { ...version, stage: 'previous' as const } : version,
  )
  const page = await showing({ phase: 'promoted', reason: 'bootstrap-consent', versions })
  expect(page).toMatch(/data-command="revoke"[^>]*data-secret-id="3f8a1c20-/)
})

test('an abort is drawn as the way back, in the colour of trouble', async () => {
  const page = await showing({ phase: 'aborting', reason: 'operator' })
  expect(page).toContain('class="rail back"')
  expect(page).toMatch(/class="chip bad">aborting/)
  expect(page).toContain('aria-label="phase aborting"')
})

test('what is not ready is named', async () => {
  const world = new AdminWorld()
  world.readiness = { ready: false, reasons: ['credential vonage has no usable secret'] }
  expect(await pageOf(world)).toMatch(/Not ready[^]*<li>credential vonage has no usable secret/)
})

test('a page of ten thousand credentials stays a page', async () => {
  const many = Array.from({ length: 10_000 }, (_, n) => credentialStatus({ id: `c${n}` }))
  const page = await pageOf(new AdminWorld({ control: new FakeControl(...many) }))
  expect(page.match(/<article/g)).toHaveLength(200)
  expect(page).toContain('9800 more')
})

test.each([
  [0, '0 s'],
  [999, '0 s'],
  [61_000, '1 min 1 s'],
  [3_600_000, '1 h'],
  [90_061_000, '1 d 1 h'],
  [-5_000, '5 s'],
])('a span of %i ms reads %s', (span, text) => {
  expect(formatAge(span)).toBe(text)
})

test('an instant is seen from now', () => {
  expect([formatInstant(0, 5_000), formatInstant(5_000, 0)]).toEqual(['5 s ago', 'in 5 s'])
})
