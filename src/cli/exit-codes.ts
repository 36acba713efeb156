/** Exit codes of every command (sysexits.h where it has a word for it). */
export const EXIT_OK = 0
/** Something that was asked could not be reached, or said no. */
export const EXIT_FAILED = 1
/** The command line is wrong. */
export const EXIT_USAGE = 64
/** The configuration is wrong. */
export const EXIT_CONFIG = 78
