import { spawnSync } from 'node:child_process'
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readlinkSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { z } from 'zod'

const ROOT = join(import.meta.dirname, '../../..')
const PINNED = `node-${process.platform}-${process.arch}/bin`

/** A clone after `npm ci`; the script runs there with this process' own Node. */
function clone(...folders: readonly string[]) {
  const root = mkdtempSync(join(tmpdir(), 'sidekey-clone-'))
  onTestFinished(() => rmSync(root, { recursive: true }))
  for (const folder of ['.bin', ...folders]) {
    mkdirSync(join(root, 'node_modules', folder), { recursive: true })
  }
  const link = join(root, 'node_modules/.bin/node')
  const run = () =>
    spawnSync(process.execPath, [join(ROOT, 'test/runtime/link-node.mjs')], { cwd: root }).status
  return { root, link, run }
}

test('links the pinned Node where npm 10 left no link', () => {
  const { root, link, run } = clone(PINNED)
  writeFileSync(join(root, 'node_modules', PINNED, 'node'), '')
  expect(run()).toBe(0)
  expect(readlinkSync(link)).toBe(`../${PINNED}/node`)
  expect(run()).toBe(0)
})

test('leaves a link alone, and a clone without a Node for this system', () => {
  const there = clone(PINNED)
  writeFileSync(join(there.root, 'node_modules', PINNED, 'node'), '')
  writeFileSync(there.link, 'as it was')
  expect(there.run()).toBe(0)
  expect(readFileSync(there.link, 'utf8')).toBe('as it was')

  const none = clone()
  expect(none.run()).toBe(0)
  expect(existsSync(none.link)).toBe(false)
})

test('every script that somebody starts with runs it first', () => {
  const { scripts } = z
    .object({ scripts: z.record(z.string(), z.string()) })
    .parse(JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')))
  for (const name of ['sidekey', 'start', 'demo', 'test', 'check', 'test:one']) {
    expect(scripts[name]).toBeDefined()
    expect(scripts[`pre${name}`], name).toBe('node test/runtime/link-node.mjs')
  }
})
