/** When each version of a credential was used last; the data plane keeps it. */
export interface UsesByVersion {
  /** Wall clock; null: it was never used, or is forgotten. */
  lastUsedAtMs(versionId: string): number | null
}

/** Whoever wants to know which versions are used. It reads where requests write, so that telling costs them nothing. */
export interface UseReader {
  /** The uses of a credential are kept there from now on. */
  follow(credentialId: string, lastUses: UsesByVersion): void
}

/** Asks the rotation to look now, because a request saw something: a refusal that a fallback healed. */
export interface EarlyLook {
  look(credentialId: string): void
}
