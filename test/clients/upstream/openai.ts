import type { ServerResponse } from 'node:http'
import { z } from 'zod'
import { type GoodCall, sendJson } from './good-call.ts'

const MODEL = 'gpt-test'
const chatSchema = z.object({ stream: z.boolean().optional() })

/**
 * Streams that have sent their first event and wait. Only a client that has read it asks for the models, so that a proxy
 * that holds a stream back until its end never sees one.
 */
export class OpenStreams {
  #waiting: (() => void)[] = []

  add(go: () => void): void {
    this.#waiting.push(go)
  }

  release(): void {
    for (const go of this.#waiting.splice(0)) go()
  }
}

/** The models, and a chat completion, whole or streamed. Null: the credentials were wrong. */
export function answerOpenai(
  call: GoodCall | null,
  response: ServerResponse,
  streams: OpenStreams,
): void {
  if (call === null) return refuse(response, 401, 'invalid_api_key')
  switch (`${call.method} ${call.path}`) {
    case 'GET /v1/models': {
      streams.release()
      const data = [{ id: MODEL, object: 'model', created: 1, owned_by: 'test' }]
      return sendJson(response, 200, { object: 'list', data })
    }
    case 'POST /v1/chat/completions': {
      const isStream = chatSchema.parse(JSON.parse(call.body)).stream === true
      return isStream ? stream(response, streams) : complete(response)
    }
    default:
      return refuse(response, 404, 'unknown_url')
  }
}

function complete(response: ServerResponse): void {
  const message = { role: 'assistant', content: 'hello world' }
  const choices = [{ index: 0, message, finish_reason: 'stop' }]
  const usage = { prompt_tokens: 1, completion_tokens: 2, total_tokens: 3 }
  const id = 'chatcmpl-1'
  sendJson(response, 200, {
    id,
    object: 'chat.completion',
    created: 1,
    model: MODEL,
    choices,
    usage,
  })
}

function stream(response: ServerResponse, streams: OpenStreams): void {
  response.writeHead(200, { 'content-type': 'text/event-stream' })
  response.write(event('hello', null))
  streams.add(() => response.end(`${event(' world', 'stop')}data: [DONE]\n\n`))
}

function event(content: string, finish_reason: string | null): string {
  const choices = [{ index: 0, delta: { role: 'assistant', content }, finish_reason }]
  const id = 'chatcmpl-1'
  const chunk = { id, object: 'chat.completion.chunk', created: 1, model: MODEL, choices }
  return `data: ${JSON.stringify(chunk)}\n\n`
}

function refuse(response: ServerResponse, status: number, code: string): void {
  const message = 'Incorrect API key provided'
  sendJson(response, status, { error: { message, type: 'invalid_request_error', code } })
}
