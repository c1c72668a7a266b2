/**
 * The options as a shell completes them: each name once, for the role that is on the command line.
 *
 * @module
 */

import { DOCTOR } from "../command_line/command_words.ts";
import type { Completions, Option, OptionRole } from "../command_line/option.ts";
import { HELP, OPTIONS } from "../command_line/option_table.ts";
import type { Subcommand } from "../command_line/subcommand.ts";
import { DRAIN_COMMAND } from "../drain/drain_options.ts";
import { SERVICE_COMMAND } from "../service/service_options.ts";
import { SSH_COMMAND } from "../ssh/ssh_options.ts";
import { TOP_COMMAND } from "../top/top_options.ts";

/** A command whose options are a table of its own, by its word. */
export type OwnTable = "ssh" | "service" | "top" | "drain";

/** A role, or a command in place of one, that has options of its own. */
export type CompletedRole = "server" | "client" | "doctor" | OwnTable;

/** Who takes a row: its role, or the command in whose own table it is. */
export type RowRole = OptionRole | OwnTable;

/** The commands with tables of their own. */
export const OWN_TABLES: readonly (readonly [OwnTable, Subcommand])[] = [
  ["ssh", SSH_COMMAND],
  ["service", SERVICE_COMMAND],
  ["top", TOP_COMMAND],
  ["drain", DRAIN_COMMAND],
];

/** A row of one of the tables. */
export interface CompletedRow {
  /** Who takes it. */
  readonly role: RowRole;
  /** The row. */
  readonly option: Option;
}

/** All rows, in the order of the help. */
export const ROWS: readonly CompletedRow[] = [
  ...OPTIONS.map((option) => ({ role: option.role, option })),
  ...OWN_TABLES.flatMap(([role, { options }]) => [...options, HELP].map((option) => ({ role, option }))),
];

/** Each of them by the words that ask for it; the first that is there counts. A command is the first word. */
export const ROLE_WORDS: readonly (readonly [CompletedRole, readonly string[]])[] = [
  ...OWN_TABLES.map(([role, { word }]) => [role, [word]] as const),
  ["doctor", [DOCTOR.word]],
  ["server", ["--server", "-server"]],
  ["client", ["--client", "-client"]],
];

/** Whose options each of them takes. */
export const TAKEN: Readonly<Record<CompletedRole, readonly RowRole[]>> = {
  ssh: ["ssh"],
  service: ["service"],
  top: ["top"],
  drain: ["drain"],
  doctor: ["doctor", "client", "both"],
  server: ["server", "both"],
  client: ["client", "both"],
};

/** The rows that are offered while no role is there. */
export const WITHOUT_COMMAND: readonly RowRole[] = ["server", "client", "both", "alone"];

/** Whether a word asks by standing in front of all options. */
export function isCommand(word: string): boolean {
  return !word.startsWith("-");
}

/** The words of which one stands behind a command, among its options; none for most. */
export function actionsOf(role: CompletedRole): readonly string[] {
  return OWN_TABLES.find(([own]) => own === role)?.[1].actions ?? [];
}

/** An option for a shell. */
export interface CompletedOption {
  /** Name without dashes. */
  readonly name: string;
  /** What it does. */
  readonly meaning: string;
  /** Stands for the value; `undefined` if it has none. */
  readonly placeholder: string | undefined;
  /** What can be offered for the value. */
  readonly completes: Completions;
  /** Whether it may be given several times. */
  readonly isRepeatable: boolean;
}

/**
 * The options to offer, in the order of the help.
 *
 * @param role The role that is on the command line already. Without one all but those of commands are offered, and one
 * that means something else to each role tells both.
 *
 * @example
 * ```ts
 * import { completedOptions } from "./completed_option.ts";
 * import { assertEquals } from "@std/assert";
 *
 * const names = completedOptions("server").map(({ name }) => name);
 * assertEquals([names.includes("max-sessions"), names.includes("stdio")], [true, false]);
 * ```
 */
export function completedOptions(role?: CompletedRole): CompletedOption[] {
  const taken = role === undefined ? WITHOUT_COMMAND : TAKEN[role];
  const rows = ROWS.filter((row) => taken.includes(row.role)).map(({ option }) => option);
  const names = [...new Set(rows.map(({ name }) => name))];
  return names.map((name) => merged(rows.filter((option) => option.name === name)));
}

/** One option of rows of the same name. */
function merged(rows: readonly Option[]): CompletedOption {
  const [first] = rows;
  if (first === undefined) throw new RangeError("an option has a row");
  const meaning = rows.length === 1 ? first.meaning : rows.map((row) => `${row.role}: ${row.meaning}`).join("; ");
  const value = rows.find((row) => row.kind === "value");
  return {
    name: first.name,
    meaning,
    placeholder: value?.placeholder,
    completes: value?.completes ?? {},
    isRepeatable: rows.some((row) => row.kind === "value" && row.isRepeatable === true),
  };
}
