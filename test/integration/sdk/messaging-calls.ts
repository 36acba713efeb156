import type { Vonage } from '@vonage/server-sdk'
import { expect } from 'vitest'
import { containing, NUMBER, type SdkCall } from './sdk-call.ts'

/** A member of an enum that the client's main package does not export. */
const WORKFLOW = { brand: 'Sidekey', workflow: [{ channel: 'sms', to: NUMBER }] } as Parameters<
  Vonage['verify2']['newRequest']
>[0]

const startVerify = async ({ verify }: Vonage) => {
  const started = await verify.start({ number: NUMBER, brand: 'Sidekey' })
  return 'requestId' in started ? (started.requestId ?? '') : ''
}
const startVerify2 = async ({ verify2 }: Vonage) => (await verify2.newRequest(WORKFLOW)).requestId

/** What reaches people: SMS, Verify, Number Insight, Messages. */
export const MESSAGING_CALLS: readonly SdkCall[] = [
  {
    name: 'SMS',
    operation: 'sms.send',
    call: ({ sms }) => sms.send({ to: NUMBER, from: 'Sidekey', text: 'hello £ & = % + 你好' }),
    expected: containing({ messages: [containing({ status: '0', to: NUMBER })] }),
  },
  {
    name: 'Verify start',
    operation: 'verify.request',
    call: startVerify,
    expected: expect.stringMatching(/^\w{32}$/),
  },
  {
    name: 'Verify check',
    operation: 'verify.check',
    prepare: startVerify,
    call: ({ verify }, id) => verify.check(id, '1234'),
    expected: containing({ status: '0' }),
  },
  {
    name: 'Verify cancel',
    operation: 'verify.control',
    prepare: startVerify,
    call: ({ verify }, id) => verify.cancel(id),
    expected: containing({ status: '0', command: 'cancel' }),
  },
  {
    name: 'Verify trigger',
    operation: 'verify.control',
    prepare: startVerify,
    call: ({ verify }, id) => verify.trigger(id),
    expected: containing({ status: '0' }),
  },
  {
    name: 'Verify search',
    operation: 'verify.search',
    prepare: startVerify,
    call: ({ verify }, id) => verify.search(id),
    expected: containing({ status: 'IN PROGRESS', number: NUMBER }),
  },
  {
    name: 'Verify v2 start',
    operation: 'verify2.request',
    signed: true,
    call: startVerify2,
    expected: expect.stringMatching(/^[\w-]{36}$/),
  },
  {
    name: 'Verify v2 check',
    operation: 'verify2.check',
    signed: true,
    prepare: startVerify2,
    call: ({ verify2 }, id) => verify2.checkCode(id, '1234'),
    expected: 'completed',
  },
  {
    name: 'Verify v2 cancel',
    operation: 'verify2.cancel',
    signed: true,
    prepare: startVerify2,
    call: ({ verify2 }, id) => verify2.cancel(id),
    expected: true,
  },
  {
    name: 'Verify v2 next workflow',
    operation: 'verify2.next',
    signed: true,
    prepare: startVerify2,
    call: ({ verify2 }, id) => verify2.nextWorkflow(id),
    expected: true,
  },
  {
    name: 'Number Insight basic',
    operation: 'ni.basic',
    call: ({ numberInsights }) => numberInsights.basicLookup(NUMBER),
    expected: containing({ status: 0, country_code: 'GB' }),
  },
  {
    name: 'Number Insight standard',
    operation: 'ni.standard',
    call: ({ numberInsights }) => numberInsights.standardLookup(NUMBER),
    expected: containing({ status: 0 }),
  },
  {
    name: 'Number Insight advanced',
    operation: 'ni.advanced',
    call: ({ numberInsights }) => numberInsights.advancedLookup(NUMBER),
    expected: containing({ status: 0, valid_number: 'valid' }),
  },
  {
    name: 'Number Insight async',
    operation: 'ni.async',
    call: ({ numberInsights }) =>
      numberInsights.asyncAdvancedLookup(NUMBER, 'https://app.example/ni?a=1&b=2'),
    expected: containing({ status: 0, number: NUMBER }),
  },
  {
    name: 'Messages send',
    operation: 'messages.send',
    call: ({ messages }) =>
      messages.send({ messageType: 'text', channel: 'sms', to: NUMBER, from: '1', text: 'hi' }),
    expected: containing({ messageUUID: expect.stringMatching(/^[\w-]{36}$/) as unknown }),
  },
  {
    name: 'Messages send, signed',
    operation: 'messages.send',
    signed: true,
    call: ({ messages }) =>
      messages.send({ messageType: 'text', channel: 'sms', to: NUMBER, from: '1', text: 'hi' }),
    expected: containing({ messageUUID: expect.stringMatching(/^[\w-]{36}$/) as unknown }),
  },
]
