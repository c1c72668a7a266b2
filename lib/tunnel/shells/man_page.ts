/**
 * The man page, printed from the option table, in the language of man(7).
 *
 * @module
 */

import { COMMAND_WORDS } from "../command_line/command_words.ts";
import { factsOf } from "../command_line/help.ts";
import type { Option } from "../command_line/option.ts";
import { OPTION_GROUPS, type OptionGroup } from "../command_line/option_table.ts";
import * as usage from "../command_line/usage.ts";
import { wrap } from "../command_line/wrap.ts";
import { DRAIN_COMMAND } from "../drain/drain_options.ts";
import { SERVICE_COMMAND } from "../service/service_options.ts";
import { SSH_COMMAND } from "../ssh/ssh_options.ts";
import { TOP_COMMAND } from "../top/top_options.ts";

/** The last day on which the sections of this file changed: a man page has a date. */
const WRITTEN = "2026-11-27";

/** Columns of a line of text before it is escaped. */
const COLUMNS = 68;

/** The environment variables that a user sets, and what they do. */
const VARIABLES: readonly (readonly [string, string])[] = [
  ["TELE_TOKEN", "The token that both roles share, in place of --token-file."],
  [
    "HTTPS_PROXY, ALL_PROXY, NO_PROXY",
    "The proxy that leads to the tele server, and the hosts that are reached without one; in small letters first, as " +
    "for curl(1). --proxy and --proxy-file go before them.",
  ],
  ["XDG_STATE_HOME", "Where a client keeps its identity; by default ~/.local/state."],
  [
    "NOTIFY_SOCKET, WATCHDOG_USEC",
    "Set by systemd(1) for a service of Type=notify: it is told when the tunnels are ready, and that tele is alive.",
  ],
  ["NO_COLOR", "If set, the help and tele top have no colours."],
];

/** What a user may find on the disk. */
const FILES: readonly (readonly [string, string])[] = [
  [
    "~/.local/state/tele",
    "Who clients are to their servers across restarts; in macOS ~/Library/Application Support/tele.",
  ],
];

/**
 * The whole page; ends with a line end.
 *
 * @param version The version in its foot, such as `0.2.0`.
 *
 * @example
 * ```ts
 * import { manPage } from "./man_page.ts";
 * import { assertStringIncludes } from "@std/assert";
 *
 * assertStringIncludes(manPage("0.2.0"), '"tele 0.2.0"');
 * ```
 */
export function manPage(version: string): string {
  return [
    `.TH TELE 1 ${WRITTEN} "tele ${version}"`,
    ".SH NAME",
    `tele \\- ${inner(usage.SUMMARY)}`,
    ".SH SYNOPSIS",
    usage.USAGES.map(synopsis).join("\n.br\n"),
    ".SH DESCRIPTION",
    filled(
      "Two tele processes carry connections between a TCP client and a TCP server that stay as they are, over a " +
        `network that breaks. ${usage.PROMISE}`,
    ),
    ".PP",
    literally(usage.DIAGRAM),
    ".PP",
    filled(usage.VALUES),
    ...usage.READY.map((paragraph) => `.PP\n${filled(paragraph)}`),
    ".SH COMMANDS",
    ...COMMAND_WORDS.map(({ word, meaning }) => entry([word, `${meaning}.`])),
    ".SH OPTIONS",
    ...OPTION_GROUPS.map(group),
    group({ title: "tele ssh, in front of the host", options: SSH_COMMAND.options }),
    group({ title: "tele service install, remove or status", options: SERVICE_COMMAND.options }),
    group({ title: "tele top", options: TOP_COMMAND.options }),
    group({ title: "tele drain", options: DRAIN_COMMAND.options }),
    ".SH ENVIRONMENT",
    ...VARIABLES.map(entry),
    ".SH FILES",
    ...FILES.map(entry),
    ".SH EXIT STATUS",
    ...usage.EXIT_MEANINGS.map(([code, meaning]) => entry([String(code), meaning])),
    ".SH EXAMPLES",
    filled(`${usage.EXAMPLE.title}:`),
    literally(usage.EXAMPLE.steps.map(([where, command]) => `  ${where.padEnd(16)}${command}\n`).join("")),
    ".SH SEE ALSO",
    ".BR ssh (1),",
    ".BR curl (1)",
    "",
  ].join("\n");
}

/** A form of the command line: the program and its flags bold, what a user fills in as it is. */
function synopsis(form: string): string {
  return form.split(" ").map((word) => {
    const [, bracket, bold, rest] = /^(\[?)((?:tele$|--?[a-z-]+)?)(.*)$/.exec(word) ?? [];
    return bold ? `${bracket}\\fB${inner(bold)}\\fR${inner(rest ?? "")}` : inner(word);
  }).join(" ");
}

function group({ title, options }: OptionGroup): string {
  return [`.SS ${inner(title)}`, ...options.map(describe)].join("\n");
}

function describe(option: Option): string {
  const value = option.kind === "value" ? `=\\fI${inner(option.placeholder)}\\fR` : "";
  const lines = [`.TP\n\\fB${inner(`--${option.name}`)}\\fR${value}`, filled(`${option.meaning}.`)];
  if (option.kind === "value") lines.push(filled(`(${factsOf(option)})`));
  return lines.join("\n");
}

function entry([name, meaning]: readonly [string, string]): string {
  return `.TP\n\\fB${inner(name)}\\fR\n${filled(meaning)}`;
}

/** Lines that are not filled. */
function literally(text: string): string {
  return [".nf", ...text.trimEnd().split("\n").map(line), ".fi"].join("\n");
}

/** A paragraph, in lines of a length that is easy to read in the source as well. */
function filled(text: string): string {
  return wrap(text, COLUMNS).map(line).join("\n");
}

/** Text at the start of a line, where a dot or an apostrophe would begin a request. */
function line(text: string): string {
  return /^[.']/.test(text) ? `\\&${inner(text)}` : inner(text);
}

/** Characters that roff reads as others, or that are not ASCII. */
function inner(text: string): string {
  const named: Record<string, string> = { "\\": "\\e", "-": "\\-", "~": "\\(ti", "^": "\\(ha", "`": "\\(ga" };
  return text.replace(/[\\~^`-]/g, (character) => named[character] ?? character)
    .replace(
      /[^\x20-\x7e]/gu,
      (character) => `\\[u${character.codePointAt(0)!.toString(16).toUpperCase().padStart(4, "0")}]`,
    );
}
