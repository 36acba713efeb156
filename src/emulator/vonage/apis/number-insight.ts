import type { Operation, Task } from '../operation.ts'
import { formattedReply, jsonReply, type Reply, xmlReply, type XmlNode } from '../reply.ts'
import { numberInsightFamily as family } from './families.ts'

const CARRIER = {
  network_code: '23410',
  name: 'Telefonica UK Limited',
  country: 'GB',
  network_type: 'mobile',
}

type Members = Readonly<Record<string, unknown>>

const methods = ['GET', 'POST']

/** Number Insight: every number is a British mobile. The status is a number here, and text in Verify. */
export const numberInsightOperations: readonly Operation[] = [
  { name: 'ni.basic', family, methods, path: '/ni/basic/:format', perform: (t) => look(t, basic) },
  {
    name: 'ni.standard',
    family,
    methods,
    path: '/ni/standard/:format',
    perform: (task) => look(task, standard),
  },
  {
    name: 'ni.advanced',
    family,
    methods,
    path: '/ni/advanced/:format',
    perform: (task) => look(task, advanced),
  },
  {
    name: 'ni.async',
    family,
    methods,
    path: '/ni/advanced/async/:format',
    perform: (task) =>
      look(task, (number, id) => ({
        request_id: id,
        number,
        remaining_balance: '10.28000000',
        request_price: '0.03000000',
        status: 0,
      })),
  },
]

function look(
  { world, call, params }: Task,
  describe: (number: string, requestId: string) => Members,
): Reply {
  const number = call.param('number')
  if (number === undefined) {
    const missing = { status: 3, status_message: 'Invalid request :: Not valid number format' }
    return formattedReply(params['format'], 'lookup', missing)
  }
  const found = describe(number, world.uuid())
  return params['format'] === 'xml'
    ? xmlReply(200, ['lookup', nodesOf(found)])
    : jsonReply(200, found)
}

function basic(number: string, requestId: string): Members {
  return {
    status: 0,
    status_message: 'Success',
    request_id: requestId,
    international_format_number: number,
    national_format_number: `0${number.slice(2)}`,
    country_code: 'GB',
    country_code_iso3: 'GBR',
    country_name: 'United Kingdom',
    country_prefix: '44',
  }
}

function standard(number: string, requestId: string): Members {
  return {
    ...basic(number, requestId),
    request_price: '0.00500000',
    remaining_balance: '10.28000000',
    current_carrier: CARRIER,
    original_carrier: CARRIER,
    ported: 'not_ported',
    roaming: { status: 'not_roaming' },
  }
}

function advanced(number: string, requestId: string): Members {
  return {
    ...standard(number, requestId),
    lookup_outcome: 0,
    lookup_outcome_message: 'Success',
    valid_number: 'valid',
    reachable: 'reachable',
  }
}

function nodesOf(members: Members): readonly XmlNode[] {
  return Object.entries(members).map(([name, value]): XmlNode => {
    if (typeof value === 'object' && value !== null) return [name, nodesOf(value as Members)]
    return [name, String(value)]
  })
}
