/**
 * Completion for bash, from 3.2 on.
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
 * The script: a function `_tele` for `complete`. It needs nothing but bash.
 *
 * Readline splits the line at `=` too, unless its user has changed `COMP_WORDBREAKS`: both are handled.
 */
export function bashCompletion(): string {
  const all = [undefined, ...ROLE_WORDS.map(([role]) => role)].flatMap((role) => completedOptions(role));
  const values = [...new Map(all.map((option) => [option.name, option])).values()];
  return `\
# Completion of tele's options for bash, made by: tele --completion=bash
_tele() {
  local at=$COMP_CWORD current=\${COMP_WORDS[COMP_CWORD]} option="" prefix="" role="" given=" " actions="" names word
  COMPREPLY=()
  # A value stands behind its option, "=", or both.
  if [[ $current == "=" ]]; then
    option=\${COMP_WORDS[at - 1]} current=""
  elif [[ \${COMP_WORDS[at - 1]} == "=" ]]; then
    option=\${COMP_WORDS[at - 2]}
  elif [[ $current == -*=* ]]; then
    option=\${current%%=*} prefix=\${current%%=*}= current=\${current#*=}
  elif [[ \${COMP_WORDS[at - 1]} == -* ]]; then
    option=\${COMP_WORDS[at - 1]}
  fi
  # -in and --in mean the same.
  [[ $option == --* ]] || option=-$option
  case $option in
${values.filter(({ placeholder }) => placeholder !== undefined).map(valueCase).join("\n")}
  esac
  for ((word = 1; word < \${#COMP_WORDS[@]}; word++)); do
    ((word == at)) || given+="\${COMP_WORDS[word]%%=*} "
  done
  case $given in
${
    ROLE_WORDS.map(([role, words]) =>
      `    ${words.map((word) => `${isCommand(word) ? "" : "*"}" ${word} "*`).join(" | ")}) role=${role} ;;`
    ).join(
      "\n",
    )
  }
  esac
  case $role in
${ROLE_WORDS.map(([role]) => `    ${role}) ${actionsFor(role)}names="${namesFor(role)}" ;;`).join("\n")}
    *) names="${namesFor()}" ;;
  esac
  # One action is enough.
  for word in $actions; do
    if [[ $given == *" $word "* ]]; then actions=""; fi
  done
  names="$actions $names"
  # A command is the first word.
  if ((at == 1)); then names="${COMMAND_WORDS.map(({ word }) => word).join(" ")} $names"; fi
  for word in $names; do
    [[ $word == "$current"* ]] || continue
    [[ $given == *" \${word%=} "* && " ${repeatable(all)} " != *" \${word%=} "* ]] || COMPREPLY+=("$word")
  done
  # No space behind "=". Bash 3.2 cannot be told, and needs none taken away by hand.
  if [[ \${COMPREPLY[0]} == *= ]]; then compopt -o nospace 2>/dev/null; fi
}

# _tele_offer KIND WORDS: words that begin like the present one, and files or folders.
_tele_offer() {
  local word
  while IFS= read -r word; do COMPREPLY+=("$prefix$word"); done < <(
    compgen -W "$2" -- "$current"
    case $1 in files) compgen -f -- "$current" ;; folders) compgen -d -- "$current" ;; esac
  )
  # Readline then quotes what needs it, and a folder gets its slash.
  if [[ $1 != none ]]; then compopt -o filenames 2>/dev/null; fi
}

complete -F _tele tele
`;
}

/** What is done for the value of an option. */
function valueCase({ name, completes: { words = [], paths } }: CompletedOption): string {
  const offer = words.length === 0 && paths === undefined
    ? ""
    : `_tele_offer ${paths ?? "none"} "${words.join(" ")}"; `;
  return `    --${name}) ${offer}return 0 ;;`;
}

/** The options of a role as one types them. */
function namesFor(role?: CompletedRole): string {
  return completedOptions(role).map(({ name, placeholder }) => `--${name}${placeholder === undefined ? "" : "="}`)
    .join(" ");
}

/** The words of a command, of which one is wanted. */
function actionsFor(role: CompletedRole): string {
  const actions = actionsOf(role);
  return actions.length === 0 ? "" : `actions="${actions.join(" ")}" `;
}

function repeatable(options: readonly CompletedOption[]): string {
  return options.filter(({ isRepeatable }) => isRepeatable).map(({ name }) => `--${name}`).join(" ");
}
