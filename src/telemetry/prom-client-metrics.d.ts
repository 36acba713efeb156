/** The metrics of which prom-client's `collectDefaultMetrics` registers all or none; its own types leave them out. */
declare module 'prom-client/lib/metrics/*.js' {
  import type { Registry } from 'prom-client'

  const register: (registry: Registry) => void
  export default register
}
