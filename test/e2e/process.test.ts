import { expect, test } from 'vitest'
import { raiseWorld } from './world.ts'

/** Tells at the end what the process has made of Node's defaults. */
const TELL = `process.on('exit', () => console.log(JSON.stringify({ event: 'pool', bytes: Buffer.poolSize })))`

test('a process that serves has short-lived pools of small buffers', async () => {
  const world = await raiseWorld()
  const preload = `data:text/javascript,${encodeURIComponent(TELL)}`
  const sidekey = await world.start({ NODE_OPTIONS: `--import=${preload}` })
  await sidekey.stop()
  expect(await sidekey.logged(({ event }) => event === 'pool')).toMatchObject({ bytes: 8 * 1024 })
})
