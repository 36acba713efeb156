import { expect, test } from 'vitest'
import { raiseWorld } from './world.ts'

/** Tells at the end what the process has made of Node's defaults, and whether it has asked for the object of a tick. */
const TELL = `
import hooks from 'node:async_hooks'
import { syncBuiltinESMExports } from 'node:module'
const original = hooks.executionAsyncResource
const ticks = []
hooks.executionAsyncResource = () => {
  const found = original()
  ticks.push('callback' in found)
  return found
}
syncBuiltinESMExports()
process.on('exit', () => console.log(JSON.stringify({ event: 'told', pool: Buffer.poolSize, ticks })))`

test('a process that serves has short-lived pools of small buffers, and keeps the shape of ticks', async () => {
  const world = await raiseWorld()
  const preload = `data:text/javascript,${encodeURIComponent(TELL)}`
  const sidekey = await world.start({ NODE_OPTIONS: `--import=${preload}` })
  await sidekey.stop()
  const told = await sidekey.logged(({ event }) => event === 'told')
  expect(told).toMatchObject({ pool: 8 * 1024, ticks: [true] })
})
