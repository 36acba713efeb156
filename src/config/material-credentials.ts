import type { Credential, CredentialConfig } from './types.ts'

/**
 * The further secrets of an account, each as a credential of its own: `ID/applications/…`, rotated by somebody else, its
 * file watched. So each has its health, its metrics and its place in the status like any other.
 */
export function materialCredentials({
  id,
  providerName,
  materials = [],
}: Credential): readonly CredentialConfig[] {
  return materials.map((material) => ({
    id: `${id}/${material.id}`,
    providerName,
    options: {},
    account: '',
    publicValues: material.publicValues,
    sources: { current: material.source, previous: null },
    managedBy: null,
    rotation: null,
    fitsHeader: false,
    privateKey: material.privateKey,
    writtenAt: ['credentials', id, ...material.path],
  }))
}
