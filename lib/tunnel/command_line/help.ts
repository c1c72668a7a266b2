/**
 * The help, printed from the option table.
 *
 * @module
 */

import type { Option, ValueOption } from "./option.ts";
import { OPTION_GROUPS, type OptionGroup } from "./option_table.ts";

/** Columns of the smallest terminal that the help must fit. */
const COLUMNS = 80;

/** Column at which the meanings start. */
const MEANING_COLUMN = 24;

const HEAD = `\
tele: TCP connections that outlive the network. When it breaks, the user's
programs see no error: they see a slow network, then a fast one.

  user's client → [tele client] ~~~ network ~~~ [tele server] → user's server
               --in          --out         --out           --in

Usage
  tele --server --in=ADDR [--out=ADDR] [options]
  tele --client [--in=ADDR] --out=ADDR [options]
  tele --client --stdio --out=ADDR [options]
  tele --make-cert=DIR --host=NAME[,NAME...]
  tele --make-token [--name=NAME]

  ADDR is host:port, :port, [v6]:port or unix:/path. DUR is a duration: 500ms,
  30s, 5m, 24h, 7d. SIZE is 64KiB, 16MiB, 1GiB. --in=:22, --in :22 and -in=:22
  mean the same.

Example: an ssh session that outlives the network
  on the server   tele --server --in=:22 --out=:40300
  on the client   tele --client --in=:2222 --out=example.com:40300
  then            ssh -p 2222 -o HostKeyAlias=example.com localhost
`;

const TAIL = `\
Each role prints one line on standard output when it is ready, with the real
addresses; --stdio prints none. Logs go to standard error. On a terminal a
client also shows there, in one live line, how its link is.

SIGUSR1 makes a client try to reconnect at once (Windows has no such signal).

Exit codes
  0  ended as asked
  1  could not run
  2  wrong command line
`;

/** How a terminal shows titles and options, and what ends that (ECMA-48, SGR). */
const [BOLD, CYAN, PLAIN] = ["\x1b[1m", "\x1b[36m", "\x1b[0m"];

/**
 * The whole help: the operating diagram, both roles, every option with its default and an example, the exit codes.
 * At most 80 columns wide; ends with a line end.
 *
 * @param hasColors Whether it is for a terminal that shows colours.
 *
 * @example
 * ```ts
 * import { helpText } from "./help.ts";
 * import { assertStringIncludes } from "@std/assert";
 *
 * assertStringIncludes(helpText(), "--ping-interval=DUR");
 * ```
 */
export function helpText(hasColors = false): string {
  const text = [HEAD, ...OPTION_GROUPS.map(section), TAIL].join("\n");
  return hasColors ? colour(text) : text;
}

/** Makes titles bold (a line behind an empty one, or its words before a colon), and gives options a colour. */
function colour(text: string): string {
  return text
    .replace(/(?<=^|\n\n)(tele(?=:)|[A-Z][^.\n]*(?=\n {2}))/g, `${BOLD}$1${PLAIN}`)
    .replace(/^( {2})(--[^ ]+)/gm, `$1${CYAN}$2${PLAIN}`);
}

function section({ title, options }: OptionGroup): string {
  return `${title}\n${options.map(describe).join("")}`;
}

function describe(option: Option): string {
  const lines = wrap(option.meaning);
  if (option.kind === "value") lines.push(...wrap(facts(option)));
  const placeholder = option.kind === "value" ? `=${option.placeholder}` : "";
  const margin = " ".repeat(MEANING_COLUMN);
  const first = `  --${option.name}${placeholder}`.padEnd(MEANING_COLUMN);
  return lines.map((line, at) => `${at === 0 ? first : margin}${line}\n`).join("");
}

function facts(option: ValueOption<unknown>): string {
  const initial = option.default ?? option.without ?? "required";
  const rest = initial.startsWith("required") ? initial : `default ${initial}`;
  // The form of an address is explained once, above, and a file needs no explanation.
  const takes = ["ADDR", "FILE", "DIR"].includes(option.placeholder) ? "" : `${option.takes}; `;
  return `${takes}${rest}; for example ${option.example}`;
}

function wrap(text: string): string[] {
  const lines: string[] = [];
  let line = "";
  for (const word of text.split(" ")) {
    const longer = line === "" ? word : `${line} ${word}`;
    if (line !== "" && MEANING_COLUMN + longer.length > COLUMNS) {
      lines.push(line);
      line = word;
    } else {
      line = longer;
    }
  }
  return [...lines, line];
}
