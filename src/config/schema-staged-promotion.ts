import { z } from 'zod'
import { Refusal, scalar } from './refusal.ts'
import { DAY_MS, parseDuration, parsePercentage } from './units.ts'

const RATIO_MAX = 0.5

/** `stagedPromotion:` of a rotation; an empty mapping takes the defaults. */
export const stagedPromotionKeys = z
  .strictObject({
    share: scalar(parseShare, {
      description: 'Share of the requests that start with it. Above 0%, at most 50%; default 10%.',
      examples: ['10%'],
    }).prefault('10%'),
    for: scalar(parseWatch, {
      description: 'How long one replica has to watch it without a break. At most 1d; default 10m.',
      pattern: '^[0-9]+(ms|s|m|h|d)$',
    }).prefault('10m'),
    refusalsMax: scalar(parseHalf, {
      description:
        'It is given up when the upstream refuses more of its requests than this, and takes them with the old secret. 0% to 50%; default 1%.',
      examples: ['1%'],
    }).prefault('1%'),
  })
  .meta({
    description:
      'Only a share of the requests goes to a new secret at first. Default: all of them move at once.',
  })

function parseHalf(text: string): number | Refusal {
  const ratio = parsePercentage(text)
  if (ratio instanceof Refusal || ratio <= RATIO_MAX) return ratio
  return new Refusal('is more than half of the requests', 'write at most 50%')
}

function parseShare(text: string): number | Refusal {
  const ratio = parseHalf(text)
  if (ratio !== 0) return ratio
  return new Refusal('is no request at all', 'write a share above 0%, such as 10%')
}

function parseWatch(text: string): number | Refusal {
  const ms = parseDuration(text)
  if (ms instanceof Refusal || ms <= DAY_MS) return ms
  return new Refusal('is longer than a day', 'write at most 1d')
}
