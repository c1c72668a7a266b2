/**
 * Completion for fish, from 3.0 on.
 *
 * @module
 */

import { COMMAND_WORDS, type CommandWord, DOCTOR, SSH } from "../command_line/command_words.ts";
import { type CompletedRow, type RowRole, ROWS } from "./completed_option.ts";

/** Folders: fish hands over the whole word, with the option in front, and puts that there again by itself. */
const FOLDERS = '(__fish_complete_directories (string replace -r -- "^-.*?=" "" (commandline -ct)))';

/** Whether one of the commands was given. */
const COMMAND_GIVEN = seen(...COMMAND_WORDS);

/** When the options of each role are offered. */
const CONDITIONS: Readonly<Record<RowRole, string>> = {
  server: `not __fish_contains_opt client; and not ${COMMAND_GIVEN}`,
  client: `not __fish_contains_opt server; and not ${seen(SSH)}`,
  alone: `not __fish_contains_opt server client; and not ${COMMAND_GIVEN}`,
  doctor: seen(DOCTOR),
  both: `not ${seen(SSH)}`,
  ssh: seen(SSH),
};

/** The script: one `complete` for each row of the tables, offered where the other role is not given. */
export function fishCompletion(): string {
  const lines = ROWS.map((row) => `complete -c tele -l ${row.option.name} ${[...facts(row)].join(" ")}\n`);
  return `\
# Completion of tele's options for fish, made by: tele --completion=fish
complete -c tele -f
${
    COMMAND_WORDS.map(({ word, meaning }) =>
      `complete -c tele -n __fish_use_subcommand -a ${word} -d ${quoted(meaning)}\n`
    ).join("")
  }${lines.join("")}`;
}

/** Whether one of these commands was given, as fish asks for it. */
function seen(...words: readonly CommandWord[]): string {
  return `__fish_seen_subcommand_from ${words.map(({ word }) => word).join(" ")}`;
}

function* facts({ role, option }: CompletedRow): Generator<string> {
  yield `-n '${CONDITIONS[role]}'`;
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
