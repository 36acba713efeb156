/** Where a command writes: lines without their newline. */
export interface CliIo {
  readonly out: (line: string) => void
  readonly err: (line: string) => void
}
