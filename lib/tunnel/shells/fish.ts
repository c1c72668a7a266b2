/**
 * Completion for fish, from 3.0 on.
 *
 * @module
 */

import { COMMAND_WORDS, DOCTOR } from "../command_line/command_words.ts";
import type { Option, OptionRole } from "../command_line/option.ts";
import { OPTIONS } from "../command_line/option_table.ts";

/** Folders: fish hands over the whole word, with the option in front, and puts that there again by itself. */
const FOLDERS = '(__fish_complete_directories (string replace -r -- "^-.*?=" "" (commandline -ct)))';

/** Whether one of the commands was given. */
const COMMAND_GIVEN = `__fish_seen_subcommand_from ${COMMAND_WORDS.map(({ word }) => word).join(" ")}`;

/** When the options of each role are offered, if not always. */
const CONDITIONS: Readonly<Record<OptionRole, string | undefined>> = {
  server: `not __fish_contains_opt client; and not ${COMMAND_GIVEN}`,
  client: "not __fish_contains_opt server",
  alone: `not __fish_contains_opt server client; and not ${COMMAND_GIVEN}`,
  doctor: `__fish_seen_subcommand_from ${DOCTOR.word}`,
  both: undefined,
};

/** The script: one `complete` for each row of the option table, offered where the other role is not given. */
export function fishCompletion(): string {
  const lines = OPTIONS.map((option) => `complete -c tele -l ${option.name} ${[...facts(option)].join(" ")}\n`);
  return `\
# Completion of tele's options for fish, made by: tele --completion=fish
complete -c tele -f
${
    COMMAND_WORDS.map(({ word, meaning }) =>
      `complete -c tele -n __fish_use_subcommand -a ${word} -d ${quoted(meaning)}\n`
    ).join("")
  }${lines.join("")}`;
}

function* facts(option: Option): Generator<string> {
  const condition = CONDITIONS[option.role];
  if (condition !== undefined) yield `-n '${condition}'`;
  if (option.kind === "value") {
    const { words = [], paths } = option.completes ?? {};
    const offered = [...words, ...paths === "folders" ? [FOLDERS] : []];
    yield paths === "files" ? "-r -F" : "-x";
    if (offered.length > 0) yield `-a '${offered.join(" ")}'`;
  }
  yield `-d ${quoted(option.meaning)}`;
}

function quoted(text: string): string {
  return `'${text.replace(/[\\']/g, "\\$&")}'`;
}
