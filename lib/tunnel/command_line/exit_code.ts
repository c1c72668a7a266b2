/**
 * What the exit of the process means.
 *
 * @module
 */

/**
 * Exit codes: ended as asked, could not run, wrong command line; and of `tele ssh`, whose other codes are ssh's, that
 * `tele` itself failed. As `env`, `nohup` and `timeout` have it, that is none which commands usually end with.
 */
export const ExitCode = { ok: 0, failed: 1, usage: 2, besideSsh: 125 } as const;
