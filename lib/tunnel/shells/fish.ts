/**
 * Completion for fish, from 3.0 on.
 *
 * @module
 */

import { COMMAND_WORDS, DOCTOR, DRAIN, SERVICE, SSH, TOP } from "../command_line/command_words.ts";
import { type CompletedRow, OWN_TABLES, type RowRole, ROWS } from "./completed_option.ts";

/** Folders: fish hands over the whole word, with the option in front, and puts that there again by itself. */
const FOLDERS = '(__fish_complete_directories (string replace -r -- "^-.*?=" "" (commandline -ct)))';

/** Whether one of the commands was given. */
const COMMAND_GIVEN = seen(...COMMAND_WORDS.map(({ word }) => word));

/** Whether one of those was given that take nothing of the roles. */
const OWN_GIVEN = seen(...OWN_TABLES.map(([, { word }]) => word));

/** When the options of each role are offered. */
const CONDITIONS: Readonly<Record<RowRole, string>> = {
  server: `not __fish_contains_opt client; and not ${COMMAND_GIVEN}`,
  client: `not __fish_contains_opt server; and not ${OWN_GIVEN}`,
  alone: `not __fish_contains_opt server client; and not ${COMMAND_GIVEN}`,
  doctor: seen(DOCTOR.word),
  both: `not ${OWN_GIVEN}`,
  ssh: seen(SSH.word),
  service: seen(SERVICE.word),
  top: seen(TOP.word),
  drain: seen(DRAIN.word),
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
  }${OWN_TABLES.map(([role, { actions = [] }]) => actionLine(role, actions)).join("")}${lines.join("")}`;
}

/** Whether one of these words was given, as fish asks for it. */
function seen(...words: readonly string[]): string {
  return `__fish_seen_subcommand_from ${words.join(" ")}`;
}

/** What is offered behind a command until one of its words is there. */
function actionLine(role: RowRole, actions: readonly string[]): string {
  if (actions.length === 0) return "";
  const condition = `${CONDITIONS[role]}; and not ${seen(...actions)}`;
  return `complete -c tele -n '${condition}' -a '${actions.join(" ")}'\n`;
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
