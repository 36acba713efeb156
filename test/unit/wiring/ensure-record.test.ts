import { expect, test } from 'vitest'
import type { CredentialUnit } from '../../../src/wiring/credential-unit.ts'
import { ensureRecords } from '../../../src/wiring/ensure-record.ts'
import { RecordingLog } from '../../fakes/log.ts'

/** Only what is asked of a unit here. */
function unit(ensureRecord: () => Promise<void>): CredentialUnit {
  return { config: { id: 'a' }, rotator: { ensureRecord } } as unknown as CredentialUnit
}

test('no first record waits for another one, or no store could tell a burst', async () => {
  const begun: (() => void)[] = []
  const waiting = () => new Promise<void>((resolve) => void begun.push(resolve))
  const ensured = ensureRecords(
    Array.from({ length: 1_000 }, () => unit(waiting)),
    new RecordingLog(),
  )
  expect(begun).toHaveLength(1_000)
  for (const end of begun) end()
  await ensured
})
