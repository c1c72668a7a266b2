/**
 * Completion for zsh.
 *
 * @module
 */

import { COMMAND_WORDS } from "../command_line/command_words.ts";
import {
  actionsOf,
  type CompletedOption,
  completedOptions,
  type CompletedRole,
  isCommand,
  ROLE_WORDS,
} from "./completed_option.ts";

/**
 * The script, for a file `_tele` in a folder of `fpath`, or to be evaluated behind `compinit`. It hands specifications
 * of options to zsh's own `_arguments`.
 */
export function zshCompletion(): string {
  return `\
#compdef tele
# Completion of tele's options for zsh, made by: tele --completion=zsh
_tele() {
  local -a options
${ROLE_WORDS.map(roleBranch).join("")}\
    options=(
${FIRST_WORD}${specifications()}    )
  fi
  _arguments : $options
}

# _tele_either WORDS ACTION: for the value of an option.
_tele_either() {
  _alternative "words:word:($1)" "files:file:$2"
}

# As a file of fpath it is called when it is loaded.
if [[ $funcstack[1] == _tele ]]; then _tele "$@"; else compdef _tele tele; fi
`;
}

/** The specification of the first word. */
const FIRST_WORD = `      ${quoted(`1:command:((${COMMAND_WORDS.map(described).join(" ")}))`)}\n`;

/** Whether a word asks for its role. */
function condition(word: string): string {
  return isCommand(word) ? `[[ $words[2] == ${word} ]]` : `(( \${words[(I)${word}]} ))`;
}

function roleBranch([role, words]: typeof ROLE_WORDS[number], at: number): string {
  const keyword = at === 0 ? "if" : "elif";
  const end = at === ROLE_WORDS.length - 1 ? "  else\n" : "";
  return `\
  ${keyword} ${words.map(condition).join(" || ")}; then
    options=(
${words.some(isCommand) ? FIRST_WORD : ""}${secondWord(role)}${specifications(role)}    )
${end}`;
}

/** The specification of the word behind a command that wants one. */
function secondWord(role: CompletedRole): string {
  const actions = actionsOf(role);
  return actions.length === 0 ? "" : `      ${quoted(`2:action:(${actions.join(" ")})`)}\n`;
}

/** A word with what it does, as it stands between double brackets. */
function described({ word, meaning }: typeof COMMAND_WORDS[number]): string {
  return `${word}\\:"${meaning}"`;
}

function specifications(role?: CompletedRole): string {
  return completedOptions(role).map((option) => `      ${quoted(specification(option))}\n`).join("");
}

/** As `_arguments` of zshcompsys(1) has it: `*--name=[meaning]:message:action`. */
function specification({ name, meaning, placeholder, completes, isRepeatable }: CompletedOption): string {
  const explanation = escaped(meaning);
  if (placeholder === undefined) return `--${name}[${explanation}]`;
  return `${isRepeatable ? "*" : ""}--${name}=[${explanation}]:${escaped(placeholder)}:${action(completes)}`;
}

/** What a specification would take for its own, such as the colon of `HOST:PORT`. */
function escaped(text: string): string {
  return text.replace(/[\\[\]:]/g, "\\$&");
}

function action({ words = [], paths }: CompletedOption["completes"]): string {
  const files = paths === undefined ? "" : paths === "files" ? "_files" : "_files -/";
  if (words.length === 0) return files === "" ? " " : files;
  if (files === "") return `(${words.join(" ")})`;
  // The space in front keeps zsh from adding options of its own.
  return ` _tele_either "${words.join(" ")}" "${files}"`;
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}
