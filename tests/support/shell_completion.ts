/**
 * What real shells offer for a line: each loads tele's script, and completes lines as if Tab was typed at their end.
 *
 * @module
 */
import { completionFor } from "../../lib/tunnel/shells/completion.ts";
import { program } from "./skip.ts";

/** The shells that a test can ask. */
export type AskedShell = "bash" | "zsh" | "fish";

/** Written behind what is offered for a line. */
const END = "end of line";

/** Arguments: the script, the lines. Readline's words are parted by `=` too; `|` parts them here. */
const BASH = `
source "$1"
shift
for line in "$@"; do
  IFS='|' read -ra COMP_WORDS <<<"$line"
  [[ $line != *'|' ]] || COMP_WORDS+=("")
  COMP_CWORD=$((\${#COMP_WORDS[@]} - 1))
  _tele
  printf '%s\\n' "\${COMPREPLY[@]}" '${END}'
done
`;

const FISH = `
source $argv[1]
for line in $argv[2..]
  complete -C $line
  echo '${END}'
end
`;

/** A zsh of its own in a terminal, whose builtin `compadd` is told on: it gets the matches of every completion. */
const ZSH = `
zmodload zsh/zpty
script=$1 out=$HOME/out
shift
: >$out
zpty shell zsh -f -i
zpty -w shell "PROMPT=; unsetopt beep; autoload -U compinit; compinit -u -D; source $script
compadd() {
  local -a offered
  if [[ \\\${@[1,(i)(-|--)]} != *-[OAD]\\ * ]]; then
    builtin compadd -O offered \\"\\$@\\"
    print -rl -- \\$offered >>$out
  fi
  builtin compadd \\"\\$@\\"
}
ended() { print -r -- '${END}' >>$out; comppostfuncs=(ended); compstate[insert]=; compstate[list]= }
comppostfuncs=(ended)"
for line in "$@"; do
  ends=$(grep -c '^${END}$' $out)
  zpty -n -w shell "$line"$'\\t'
  for ((i = 0; i < 1000; i++)); do
    [[ $(grep -c '^${END}$' $out) == $ends ]] || break
    zpty -r -t shell said
    sleep 0.01
  done
  zpty -n -w shell $'\\x15'
done
zpty -d shell
cat $out
`;

const DRIVERS: Record<AskedShell, { driver: string; options: string[] }> = {
  bash: { driver: BASH, options: ["--norc", "--noprofile"] },
  fish: { driver: FISH, options: ["--no-config"] },
  zsh: { driver: ZSH, options: ["-f"] },
};

/**
 * What `shell` offers for each of the lines, without the descriptions, each once and sorted. In its folder are a file
 * `a file.pem` and a folder `keys`. For bash a line has `|` where readline parts its words.
 */
export async function offersOf(shell: AskedShell, lines: readonly string[]): Promise<string[][]> {
  const folder = await Deno.makeTempDir();
  try {
    const cwd = `${folder}/here`;
    await Deno.mkdir(`${cwd}/keys`, { recursive: true });
    await Deno.writeTextFile(`${cwd}/a file.pem`, "");
    await Deno.writeTextFile(`${folder}/script`, completionFor(shell));
    const { driver, options } = DRIVERS[shell];
    await Deno.writeTextFile(`${folder}/driver`, driver);
    const { stdout, stderr } = await new Deno.Command(program(shell), {
      args: [...options, `${folder}/driver`, `${folder}/script`, ...lines],
      cwd,
      env: { HOME: folder, ZDOTDIR: folder, XDG_CONFIG_HOME: folder, XDG_DATA_HOME: folder, TERM: "dumb" },
      stdin: "null",
      signal: AbortSignal.timeout(60_000),
    }).output();
    const said = new TextDecoder().decode(stdout);
    const offers = said.split(`${END}\n`);
    if (offers.pop() !== "" || offers.length !== lines.length) {
      throw new Error(
        `${shell} answered ${offers.length} of ${lines.length} lines: ${new TextDecoder().decode(stderr)}`,
      );
    }
    return offers.map((text) => {
      const words = text.split("\n").map((line) => line.split("\t")[0]!).filter((word) => word !== "");
      return [...new Set(words)].sort();
    });
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}
