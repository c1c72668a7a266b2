/**
 * What the help and the man page say beside the options.
 *
 * @module
 */

/** What tele is, in one line. */
export const SUMMARY = "TCP connections that outlive the network";

/** What its users get. */
export const PROMISE = "When it breaks, the user's programs see no error: they see a slow network, then a fast one.";

/** Who stands where. */
export const DIAGRAM = `\
  user's client → [tele client] ~~~ network ~~~ [tele server] → user's server
               --in          --out         --out           --in
`;

/** The forms of the command line. */
export const USAGES: readonly string[] = [
  "tele --server --in=ADDR [--out=ADDR] [options]",
  "tele --client [--in=ADDR] --out=ADDR [options]",
  "tele --client --stdio --out=ADDR [options]",
  "tele ssh [options] [user@]host [command]",
  "tele --config=FILE [--print-config]",
  "tele --config-schema",
  "tele service install --config=FILE [options]",
  "tele service remove|status [--name=NAME]",
  "tele --make-cert=DIR --host=NAME[,NAME...]",
  "tele --make-token [--name=NAME]",
  "tele doctor --out=ADDR [options]",
  "tele top [ADDR] [--token-file=FILE]",
  "tele drain [--pid=N] [--status=ADDR]",
  "tele --completion=SHELL",
  "tele --man",
];

/** What the placeholders of values stand for. */
export const VALUES: string =
  "ADDR is host:port, :port, [v6]:port or unix:/path. DUR is a duration: 500ms, 30s, 5m, 24h, 7d. " +
  "SIZE is 64KiB, 16MiB, 1GiB. --in=:22, --in :22 and -in=:22 mean the same.";

/** A first tunnel: where each command is typed, and the command. */
export const EXAMPLE: { readonly title: string; readonly steps: readonly (readonly [string, string])[] } = {
  title: "an ssh session that outlives the network",
  steps: [
    ["on the server", "tele --server --in=:22 --out=:40300"],
    ["on the client", "tele --client --in=:2222 --out=example.com:40300"],
    ["then", "ssh -p 2222 -o HostKeyAlias=example.com localhost"],
  ],
};

/** What a role does when it runs. */
export const READY: readonly string[] = [
  "Each role prints one line on standard output when it is ready, with the real addresses; --stdio prints none. Logs go " +
  "to standard error. On a terminal a client also shows there, in one live line, how its link is.",
  "SIGUSR1 makes a client try to reconnect at once, SIGQUIT lets a process end with its last connection (tele drain " +
  "sends it), and SIGHUP makes a process with --config read its file again; any other it ends (Windows has no such " +
  "signals).",
];

/** What the exit codes mean. */
export const EXIT_MEANINGS: readonly (readonly [number, string])[] = [
  [0, "ended as asked"],
  [1, "could not run"],
  [2, "wrong command line"],
  [125, "tele ssh, whose other codes are ssh's, could not run"],
];
