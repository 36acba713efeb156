import type { Catalog } from './config/provider-module.ts'
import { httpModule } from './providers/http/module.ts'
import { oktaModule } from './providers/okta/module.ts'
import { staticModule } from './providers/static/module.ts'
import { twilioModule } from './providers/twilio/module.ts'
import { vonageModule } from './providers/vonage/module.ts'
import { vonagePreset } from './providers/vonage/preset.ts'

/** Every provider and every preset that this build knows. A new one is added here and nowhere else. */
export const catalog: Catalog = {
  providers: [vonageModule, oktaModule, twilioModule, httpModule, staticModule],
  presets: [vonagePreset],
}
