/**
 * The help, printed from the option table.
 *
 * @module
 */

import type { Option, ValueOption } from "./option.ts";
import { OPTION_GROUPS, type OptionGroup } from "./option_table.ts";
import { DIAGRAM, EXAMPLE, EXIT_MEANINGS, PROMISE, READY, SUMMARY, USAGES, VALUES } from "./usage.ts";
import { wrap } from "./wrap.ts";

/** Columns of the smallest terminal that the help must fit. */
const COLUMNS = 80;

/** Column at which the meanings start. */
const MEANING_COLUMN = 24;

const HEAD = `\
${wrapTo(COLUMNS, `tele: ${SUMMARY}. ${PROMISE}`)}

${DIAGRAM}
Usage
${USAGES.map((line) => `  ${line}\n`).join("")}
${wrapTo(COLUMNS, VALUES, "  ")}

Example: ${EXAMPLE.title}
${EXAMPLE.steps.map(([where, command]) => `  ${where.padEnd(16)}${command}\n`).join("")}`;

const TAIL = `\
${READY.map((paragraph) => `${wrapTo(COLUMNS, paragraph)}\n`).join("\n")}
Exit codes
${EXIT_MEANINGS.map(([code, meaning]) => `  ${code}  ${meaning}\n`).join("")}`;

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
export function colour(text: string): string {
  return text
    .replace(/(?<=^|\n\n)(tele(?=:)|[A-Z][^.\n]*(?=\n {2}))/g, `${BOLD}$1${PLAIN}`)
    .replace(/^( {2})(--[^ ]+)/gm, `$1${CYAN}$2${PLAIN}`);
}

function section({ title, options }: OptionGroup): string {
  return `${title}\n${options.map(describe).join("")}`;
}

/** The lines of an option, as the help has them. */
export function describe(option: Option): string {
  const lines = wrap(option.meaning, COLUMNS - MEANING_COLUMN);
  if (option.kind === "value") lines.push(...wrap(factsOf(option), COLUMNS - MEANING_COLUMN));
  const placeholder = option.kind === "value" ? `=${option.placeholder}` : "";
  const margin = " ".repeat(MEANING_COLUMN);
  const spelled = `  --${option.name}${placeholder}`;
  const below = lines.map((line) => `${margin}${line}\n`).join("");
  return spelled.length < MEANING_COLUMN ? spelled + below.slice(spelled.length) : `${spelled}\n${below}`;
}

/** What an option takes, its default and an example, as the help and the man page tell it. */
export function factsOf(option: ValueOption<unknown>): string {
  const initial = option.default ?? option.without ?? "required";
  const rest = initial.startsWith("required") ? initial : `default ${initial}`;
  // The form of an address is explained once, above, and a file needs no explanation.
  const takes = ["ADDR", "FILE", "DIR"].includes(option.placeholder) ? "" : `${option.takes}; `;
  return `${takes}${rest}; for example ${option.example}`;
}

/** A paragraph of at most `columns` columns, each line behind `margin`. */
function wrapTo(columns: number, text: string, margin = ""): string {
  return wrap(text, columns - margin.length).map((line) => margin + line).join("\n");
}
