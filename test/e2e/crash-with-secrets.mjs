// Preloaded into a Sidekey: at SIGUSR2 it fails in a way that nobody catches, as a library's bug would, with the secret in
// the message, in a cause and in a member.
import { readFileSync } from 'node:fs'

process.on('SIGUSR2', () => {
  const secret = readFileSync(process.env.CANARY_FILE, 'utf8').trim()
  const pair = Buffer.from(`a1b2c3d4:${secret}`).toString('base64')
  const cause = new Error(`request with Basic ${pair} failed`)
  throw Object.assign(new Error(`no answer for api_secret=${secret}`, { cause }), { secret, pair })
})
