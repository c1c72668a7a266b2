/**
 * Completion for fish, from 3.0 on.
 *
 * @module
 */

import type { Option } from "../command_line/option.ts";
import { OPTIONS } from "../command_line/option_table.ts";

/** Folders: fish hands over the whole word, with the option in front, and puts that there again by itself. */
const FOLDERS = '(__fish_complete_directories (string replace -r -- "^-.*?=" "" (commandline -ct)))';

/** The script: one `complete` for each row of the option table, offered where the other role is not given. */
export function fishCompletion(): string {
  const lines = OPTIONS.map((option) => `complete -c tele -l ${option.name} ${[...facts(option)].join(" ")}\n`);
  return `\
# Completion of tele's options for fish, made by: tele --completion=fish
complete -c tele -f
${lines.join("")}`;
}

function* facts(option: Option): Generator<string> {
  const others = { server: "client", client: "server", alone: "server client", both: "" }[option.role];
  if (others !== "") yield `-n 'not __fish_contains_opt ${others}'`;
  if (option.kind === "value") {
    const { words = [], paths } = option.completes ?? {};
    const offered = [...words, ...paths === "folders" ? [FOLDERS] : []];
    yield paths === "files" ? "-r -F" : "-x";
    if (offered.length > 0) yield `-a '${offered.join(" ")}'`;
  }
  yield `-d '${option.meaning.replace(/[\\']/g, "\\$&")}'`;
}
