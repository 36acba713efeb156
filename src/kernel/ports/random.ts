/** The only source of randomness; cryptographically strong in production, seeded in simulations. */
export interface Random {
  /** Uniform integer in [0, below), unbiased; `below` from 1 to 2^31. */
  int(below: number): number
  /** Fresh 32 hex digits, for names of instances and lease holders. */
  id(): string
}
