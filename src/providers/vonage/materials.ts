/** Private keys of applications: what tokens are minted with. */
export const APPLICATIONS = 'applications'
/** The account's signature secret. */
export const SIGNATURE = 'signature'
