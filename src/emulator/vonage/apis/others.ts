import type { Operation, Task } from '../operation.ts'
import { emptyReply, jsonReply } from '../reply.ts'
import { rfc3339 } from '../world.ts'
import { auditFamily, basicFamily, mediaFamily, redactFamily } from './families.ts'

const reports = basicFamily('reports')

/** APIs that only show whether their credentials are good: each answers with nothing found. */
export const otherOperations: readonly Operation[] = [
  {
    name: 'reports.records',
    family: reports,
    methods: ['GET'],
    path: '/v2/reports/records',
    perform: (task) => jsonReply(200, { ...report(task, 'SUCCESS'), records: [] }),
  },
  {
    name: 'reports.create',
    family: reports,
    methods: ['POST'],
    path: '/v2/reports',
    perform: (task) => jsonReply(200, report(task, 'PENDING')),
  },
  {
    name: 'reports.list',
    family: reports,
    methods: ['GET'],
    path: '/v2/reports',
    perform: () => jsonReply(200, { reports: [] }),
  },
  {
    name: 'redact.transaction',
    family: redactFamily,
    methods: ['POST'],
    path: '/v1/redact/transaction',
    perform: () => emptyReply(204),
  },
  {
    name: 'audit.events',
    family: auditFamily,
    methods: ['GET'],
    path: '/beta/audit/events',
    perform: () => jsonReply(200, { _embedded: { events: [] }, page: { totalElements: 0 } }),
  },
  {
    name: 'media.list',
    family: mediaFamily,
    methods: ['GET'],
    path: '/v3/media',
    perform: () => jsonReply(200, { page_size: 20, count: 0, _embedded: { media: [] } }),
  },
  {
    name: 'media.delete',
    family: mediaFamily,
    methods: ['DELETE'],
    path: '/v3/media/:id',
    perform: () => emptyReply(204),
  },
]

function report({ world, caller, call }: Task, status: string) {
  return {
    _links: {},
    request_id: world.uuid(),
    request_status: status,
    account_id: caller.account.key,
    product: call.param('product') ?? 'SMS',
    received_at: rfc3339(world.clock.now()),
    items_count: 0,
  }
}
