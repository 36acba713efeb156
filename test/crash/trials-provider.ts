import type { FaultOrder } from '../../src/emulator/vonage/fault-desk.ts'
import type { SettingsChange } from '../../src/emulator/vonage/settings.ts'
import { ACCOUNT } from './app.ts'
import { endsNow, type Stage, type Trial } from './trial.ts'

/** A rotation that runs meets every armed fault within this time; a hanging call takes ten seconds of it. */
const MEET_MAX_MS = 60_000
const RESTORED: SettingsChange = {
  createLagMs: { api: 0, rest: 0 },
  revokeLagMs: { api: 0, rest: 0 },
  listLagMs: 0,
  duplicateValue: 400,
}

/** Faults that pass. */
const FAULTS: Readonly<Record<string, readonly FaultOrder[]>> = {
  'answer of a create lost': [{ operation: 'secrets.create', kind: 'lose-answer' }],
  'answer of a revoke lost': [{ operation: 'secrets.revoke', kind: 'lose-answer' }],
  'answers of three lists lost': [{ operation: 'secrets.list', kind: 'lose-answer', times: 3 }],
  'request of a create lost': [{ operation: 'secrets.create', kind: 'lose-request' }],
  'request of a revoke lost': [{ operation: 'secrets.revoke', kind: 'lose-request' }],
  'create delivered 3 s late': [
    { operation: 'secrets.create', kind: 'late-request', delayMs: 3_000 },
  ],
  'revoke delivered 3 s late': [
    { operation: 'secrets.revoke', kind: 'late-request', delayMs: 3_000 },
  ],
  'create throttled': [{ operation: 'secrets.create', kind: 'throttle', retryAfterSeconds: 3 }],
  'revoke throttled': [{ operation: 'secrets.revoke', kind: 'throttle', retryAfterSeconds: 3 }],
  'five management calls answered 503': [{ operation: 'secrets.*', kind: 'error', times: 5 }],
  'five probes answered 503': [{ operation: 'account.balance', kind: 'error', times: 5 }],
  'create without an answer': [{ operation: 'secrets.create', kind: 'hang' }],
}

/** What lasts until the rotation has converged in spite of it. */
const SETTINGS: Readonly<Record<string, SettingsChange>> = {
  'new secrets refused for 2 s and 4 s': { createLagMs: { api: 2_000, rest: 4_000 } },
  'revoked secrets accepted for 4 s and 2 s': { revokeLagMs: { api: 4_000, rest: 2_000 } },
  'lists 4 s old': { listLagMs: 4_000 },
  'two values refused as weak': { refuseNextValues: 2 },
}

/** Everything that a provider, and others who use it, may do to a rotation. */
export function providerTrials(): readonly Trial[] {
  return [
    ...Object.entries(FAULTS).map(([name, orders]): Trial => ({
      group: 'provider',
      name,
      slow: name.includes('without') ? 12 : 3,
      disturb: (stage) => meet(stage, orders),
    })),
    {
      group: 'provider',
      name: 'answer of a create lost, values may stand twice',
      async disturb(stage) {
        stage.lane.control.configure({ duplicateValue: 201 })
        return meet(stage, [{ operation: 'secrets.create', kind: 'lose-answer' }])
      },
      undo: restore,
    },
    ...Object.entries(SETTINGS).map(([name, change]): Trial => ({
      group: 'provider',
      name,
      slow: 6,
      disturb(stage) {
        stage.lane.control.configure(change)
        return Promise.resolve(endsNow(stage))
      },
      undo: restore,
    })),
    ...foreignTrials(),
  ]
}

/** Somebody in the provider's dashboard. */
function foreignTrials(): readonly Trial[] {
  return [
    {
      group: 'provider',
      name: 'current revoked by somebody else',
      foreign: true,
      slow: 10,
      disturb(stage) {
        stage.lane.control.revoke(ACCOUNT)
        return Promise.resolve(endsNow(stage))
      },
    },
    {
      group: 'provider',
      name: 'standby revoked by somebody else',
      foreign: true,
      slow: 15,
      async disturb(stage) {
        await revokeStandby(stage)
        return endsNow(stage)
      },
    },
    {
      group: 'provider',
      name: "somebody else's secret in the free slot",
      foreign: true,
      slow: 25,
      disturb: takeTheSlot,
    },
  ]
}

async function meet(
  { lane, ...stage }: Stage,
  orders: readonly FaultOrder[],
): Promise<ReturnType<typeof endsNow>> {
  for (const order of orders) lane.control.fault(order)
  const met = await lane.until(() => lane.control.state().faults.length === 0, MEET_MAX_MS)
  lane.control.clearFaults()
  if (!met) throw new Error('no call met the fault')
  return endsNow({ lane, ...stage })
}

/** The rotation has to stop and ask, must not touch what is not its own, and goes on when the operator has made room. */
async function takeTheSlot(stage: Stage): Promise<ReturnType<typeof endsNow>> {
  const { lane } = stage
  await revokeStandby(stage)
  const foreignId = lane.control.create(ACCOUNT)
  const reasons = ['slot-full-foreign', 'attribution-ambiguous']
  const stopped = await lane.until(() => {
    const blocked = lane.witness.records.latest?.record.blocked
    return blocked !== null && blocked !== undefined && reasons.includes(blocked.reason)
  }, MEET_MAX_MS)
  if (!stopped) throw new Error('a full account did not stop the rotation')
  if (!lane.witness.live().includes(foreignId)) throw new Error("somebody else's secret is gone")
  lane.control.revoke(ACCOUNT, foreignId)
  await lane.holder().process.api('POST', '/api/credentials/vonage/retry')
  return endsNow(stage)
}

/** While it is the standby: a moment later it may have been promoted. */
async function revokeStandby({ lane }: Stage): Promise<void> {
  let standby: string | null = null
  await lane.until(() => {
    const record = lane.witness.records.read()?.record
    standby = record?.phase === 'staged' ? (record.pending?.secretId ?? null) : null
    if (standby !== null) lane.control.revoke(ACCOUNT, standby)
    return standby !== null
  }, MEET_MAX_MS)
  if (standby === null) throw new Error('there is no standby')
}

function restore({ lane }: Stage): Promise<void> {
  lane.control.configure(RESTORED)
  return Promise.resolve()
}
