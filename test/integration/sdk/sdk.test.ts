import { describe, expect, test } from 'vitest'
import { ACCOUNT_CALLS } from './account-calls.ts'
import { MESSAGING_CALLS } from './messaging-calls.ts'
import { valuesOf, type WireRequest } from './wire-tap.ts'
import { CURRENT, KEY, SdkWorld, STANDBY } from './world.ts'

const CALLS = [...MESSAGING_CALLS, ...ACCOUNT_CALLS]

describe.each(CALLS)('the official SDK with a placeholder: $name', ({ operation, ...step }) => {
  test('reaches the provider with the current secret', async () => {
    const world = await SdkWorld.start()
    world.emulator.control.configure({ autoReload: true })
    const vonage = step.signed ? world.signing : world.vonage
    const prepared = (await step.prepare?.(vonage)) ?? ''
    world.forget()

    expect(await step.call(vonage, prepared)).toEqual(step.expected)
    const id = world.idOf(CURRENT)
    expect(world.calls).toMatchObject([
      { operation, account: KEY, secretId: id, placement: 'basic', refused: false },
    ])
    expect(world.wire.map(authorization)).toEqual([basicOf(CURRENT)])
    await world.expectNoLeak()
  })

  test('succeeds with one more request when the current secret was revoked', async () => {
    const world = await SdkWorld.start()
    world.emulator.control.configure({ autoReload: true })
    const vonage = step.signed ? world.signing : world.vonage
    const prepared = (await step.prepare?.(vonage)) ?? ''
    const [current, standby] = [world.idOf(CURRENT), world.idOf(STANDBY)]
    world.revokeCurrent()
    world.forget()

    expect(await step.call(vonage, prepared)).toEqual(step.expected)
    expect(world.calls).toMatchObject([
      { operation, secretId: current, refused: true },
      { operation, secretId: standby, refused: false },
    ])
    expect(world.wire.map(authorization)).toEqual([basicOf(CURRENT), basicOf(STANDBY)])
    const [first, second] = world.wire.map(withoutAuthorization)
    expect(second).toEqual(first)
    await world.expectNoLeak()
  })
})

function authorization(request: WireRequest): readonly string[] {
  return valuesOf(request, 'authorization')
}

function withoutAuthorization({ fields, ...rest }: WireRequest) {
  return { ...rest, fields: fields.filter(([name]) => name !== 'authorization') }
}

function basicOf(secret: string): readonly string[] {
  return [`Basic ${Buffer.from(`${KEY}:${secret}`).toString('base64')}`]
}
