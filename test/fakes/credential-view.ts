import { CredentialView, type CredentialViewDeps } from '../../src/proxy/credential-view.ts'
import { FakeClock } from './clock.ts'
import { RecordingLog } from './log.ts'
import { RecordingTelemetry } from './proxy-telemetry.ts'

/** A view of a source that tells nobody of uses or refusals, with what a test gives in place of the rest. */
export function viewOf(
  deps: Pick<CredentialViewDeps, 'source'> & Partial<CredentialViewDeps>,
): CredentialView {
  return new CredentialView({
    clock: new FakeClock(),
    log: new RecordingLog(),
    meter: new RecordingTelemetry().credential(deps.source.credentialId),
    uses: { follow: () => {} },
    earlyLook: { look: () => {} },
    ...deps,
  })
}
