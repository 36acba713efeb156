/** Where a service of a region is, outside private endpoints. China has a domain of its own. */
export function serviceOrigin(service: string, region: string): string {
  const domain = region.startsWith('cn-') ? 'amazonaws.com.cn' : 'amazonaws.com'
  return `https://${service}.${region}.${domain}`
}
