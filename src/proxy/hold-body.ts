/** A request's body, as far as it is known before it is sent. */
export type HeldBody = { readonly kind: 'none' } | { readonly kind: 'held'; readonly bytes: Buffer }
