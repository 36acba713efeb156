/** The data plane tells which version requests use; the control plane waits for the old one to fall silent. */
export interface UseReporter {
  /** A request was sent with this generation. Called on every request: it must be cheap. */
  used(credentialId: string, generation: number, atMs: number): void
}

/** Asks the rotation to look now, because a request saw something: a refusal that a fallback healed. */
export interface EarlyLook {
  look(credentialId: string): void
}
