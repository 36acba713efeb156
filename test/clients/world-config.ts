import { HOSTS, type Ports } from './ways.ts'

export const API_KEY = 'a1b2c3d4'
export const APPLICATION_ID = '0a1b2c3d-0000-4000-8000-0123456789ab'
export const ACCOUNT_SID = `AC${'0123456789abcdef'.repeat(2)}`
export const CURRENT = 'Current1Secret-Aa0Bb1Cc2'
export const PREVIOUS = 'Previous1Secret-Dd3Ee4Ff5'
export const PLACEHOLDER = 'placeholder-Gg6Hh7Ii8'

/** Where the real services stand in for: the emulator, and the upstream of everything else. */
export interface Upstreams {
  readonly vonage: string
  readonly others: string
}

/** One Sidekey with every way in but the unix socket. */
export function everyWay(ports: Ports, upstreams: Upstreams): string {
  return `proxy:
  listen: 127.0.0.1:${ports.proxy}
  forward: true
  connect: { intercept: true }
  tls: { listen: 127.0.0.1:${ports.tls} }
admin: { listen: 127.0.0.1:${ports.admin} }
store: { directory: store, keyFile: key }
credentials:
  vonage:
${vonageCredential(upstreams)}
  twilio:
    provider: twilio
    accountSid: ${ACCOUNT_SID}
    current: { file: current }
    previous: { file: previous }
    rotation: off
  stripe: { provider: static, current: { file: current }, previous: { file: previous } }
  openai: { provider: static, current: { file: current }, previous: { file: previous } }
routes:
  - preset: vonage
    credential: vonage
    listen: { rest: 127.0.0.1:${ports.rest}, api: 127.0.0.1:${ports.api} }
${route('twilio', ports, upstreams, "{ basic: { username: '{accountSid}' } }")}
${route('stripe', ports, upstreams, "{ bearer: '{secret}' }")}
${route('openai', ports, upstreams, "{ bearer: '{secret}' }")}
`
}

/** A second one, behind a unix socket. */
export function socketOnly(socket: string, upstreams: Upstreams): string {
  return `proxy: { listen: 'unix:${socket}' }
admin: { listen: 127.0.0.1:0 }
credentials:
  vonage:
${vonageCredential(upstreams)}
routes:
  - { preset: vonage, credential: vonage }
`
}

function vonageCredential({ vonage }: Upstreams): string {
  return `    provider: vonage
    apiKey: ${API_KEY}
    current: { file: current }
    previous: { file: previous }
    rotation: off
    baseUrls: { api: ${vonage}, rest: ${vonage} }
    applications: [{ id: ${APPLICATION_ID}, privateKeyFile: application.key }]`
}

function route(
  name: 'twilio' | 'stripe' | 'openai',
  ports: Ports,
  { others }: Upstreams,
  inject: string,
): string {
  return `  - name: ${name}
    match: { pathPrefix: ${HOSTS[name].path}, host: ${HOSTS[name].name} }
    upstream: ${others}
    listen: 127.0.0.1:${ports[name]}
    credential: ${name}
    inject: ${inject}`
}
