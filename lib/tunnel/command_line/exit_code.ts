/**
 * What the exit of the process means.
 *
 * @module
 */

/** Exit codes: ended as asked, could not run, wrong command line. */
export const ExitCode = { ok: 0, failed: 1, usage: 2 } as const;
