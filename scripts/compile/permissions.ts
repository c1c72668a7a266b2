/**
 * What the compiled program may do: all that its options can ask for, and nothing else.
 *
 * @module
 */

/** Environment variables that `lib/` reads; `tests/unit/scripts/compile_test.ts` compares. */
export const ENVIRONMENT: readonly string[] = [
  // A secret that must not show in `ps`.
  "TELE_TOKEN",
  // What tele ssh tells its own ProxyCommand, and where sshd has taken a login.
  "TELE_SSH",
  "SSH_CONNECTION",
  // The proxy that leads to the tele server.
  "https_proxy",
  "HTTPS_PROXY",
  "all_proxy",
  "ALL_PROXY",
  "no_proxy",
  "NO_PROXY",
  // Where the client's identity is kept, as each system has it.
  "XDG_STATE_HOME",
  "HOME",
  "LOCALAPPDATA",
  // Whose scheduled task it is, in Windows.
  "USERDOMAIN",
  "USERNAME",
  // Whom to tell that the tunnels are ready: systemd.
  "NOTIFY_SOCKET",
  "WATCHDOG_USEC",
  "WATCHDOG_PID",
  // What tele --workers tells its workers.
  "TELE_WORKER",
  // Whether streams are traced.
  "OTEL_DENO",
  "NO_COLOR",
  "TERM",
  "TMUX",
  "XTERM_VERSION",
];

/**
 * The flags of `deno run` and `deno compile`.
 *
 * Network, reading and writing are not narrowed to hosts and paths: which address, which unix socket, which certificate
 * file and which state folder is the user's choice on the command line, and these flags are fixed when the program is
 * compiled; and so is the program that `exec:` of `--out` starts. Beside that it starts `ssh`, for `tele ssh`. It can
 * load no library, import no remote code, and sees only the variables above.
 * What is denied is an error and never a question: nobody sits in front of a service.
 */
export const PERMISSIONS: readonly string[] = [
  "--no-prompt",
  "--allow-net",
  "--allow-read",
  "--allow-write",
  "--allow-run",
  `--allow-env=${ENVIRONMENT.join(",")}`,
  // A client that notices new addresses reconnects at once; its identity is no good on a machine of another name.
  // Sessions hold a quarter of the memory at the most. A service of root is the system's.
  // Listening on a unix socket sets the umask, for which Deno 2.9 wants all of it and has no name.
  "--allow-sys",
];
