import { execFileSync } from 'node:child_process'
import { resolve } from 'node:path'
import { expect, test } from 'vitest'

const SOURCE = resolve(import.meta.dirname, '../../../src/platform/tick-shape.ts')

/** Tells what becomes of the objects of ticks when all that nobody keeps is collected. */
const PROGRAM = `
import hooks, { executionAsyncResource } from 'node:async_hooks'
import { syncBuiltinESMExports } from 'node:module'
import { setImmediate } from 'node:timers/promises'

const tick = () => new Promise((resolve) => process.nextTick(() => resolve(executionAsyncResource())))
const collect = async () => {
  for (let times = 0; times < 4; times++) {
    await setImmediate()
    gc()
  }
}
const { keepTickShape } = await import(process.argv[1])

// One that nobody keeps, and what is asked of the one that is kept: by the hook that Node has for it.
const gone = new WeakRef(await tick())
const asked = []
const original = hooks.executionAsyncResource
hooks.executionAsyncResource = () => {
  const found = original()
  asked.push(new WeakRef(found))
  return found
}
syncBuiltinESMExports()
keepTickShape()
await setImmediate()
await collect()

const alive = asked.map((reference) => reference.deref()).filter((found) => found !== undefined)
console.log(JSON.stringify({
  gone: gone.deref() === undefined,
  alive: alive.length,
  sameShape: alive.length > 0 && %HaveSameMap(alive[0], await tick()),
}))
`

test('one object of a tick is kept for ever, and later ones have its shape', () => {
  const flags = ['--expose-gc', '--allow-natives-syntax', '--input-type=module', '--eval', PROGRAM]
  const said = execFileSync(process.execPath, [...flags, SOURCE], {
    encoding: 'utf8',
    timeout: 20_000,
  })
  expect(JSON.parse(said)).toEqual({ gone: true, alive: 1, sameShape: true })
})
