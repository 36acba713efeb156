import type { Operation, Task } from '../operation.ts'
import { jsonReply, type Reply, xmlReply, type XmlNode } from '../reply.ts'
import { smsFamily } from './families.ts'

const PART_CHARACTERS = 160
const JOINED_PART_CHARACTERS = 153

/** Sends nothing, and answers as if each part of the text had been sent. */
export const smsOperations: readonly Operation[] = [
  { name: 'sms.send', family: smsFamily, methods: ['POST', 'GET'], path: '/sms/:format', perform },
]

function perform({ world, call, params }: Task): Reply {
  const xml = params['format'] === 'xml'
  const missing = ['to', 'from', 'text'].find((name) => call.param(name) === undefined)
  if (missing !== undefined) {
    return answer(xml, [{ status: '2', 'error-text': `Missing ${missing} param` }])
  }
  const to = call.param('to') ?? ''
  const sent = Array.from({ length: partsOf(call.param('text') ?? '') }, () => ({
    to,
    'message-id': world.random.id().slice(0, 16).toUpperCase(),
    status: '0',
    'remaining-balance': '10.28000000',
    'message-price': '0.03330000',
    network: '23410',
  }))
  return answer(xml, sent)
}

function partsOf(text: string): number {
  return text.length <= PART_CHARACTERS ? 1 : Math.ceil(text.length / JOINED_PART_CHARACTERS)
}

function answer(xml: boolean, messages: readonly Readonly<Record<string, string>>[]): Reply {
  const count = String(messages.length)
  if (!xml) return jsonReply(200, { 'message-count': count, messages })
  const nodes = messages.map((message): XmlNode => [
    'message',
    Object.entries(message).map(([name, value]): XmlNode => [camelCase(name), value]),
  ])
  return xmlReply(200, ['mt-submission-response', [[`messages count="${count}"`, nodes]]])
}

/** `message-id` is `messageId` in the XML that is really sent. */
function camelCase(name: string): string {
  return name.replace(/-(.)/g, (_, letter: string) => letter.toUpperCase())
}
