/** The command line is wrong; exit code 64. The message says what to write instead, and never repeats a value. */
export class UsageError extends Error {}
