/**
 * The command that starts `tele` on the other machine, and what came of it.
 *
 * @module
 */
import { badInput, TeleError } from "../../net/error.ts";
import { shortenShown } from "../../net/shown_text.ts";
import { type Answer, MARK, parseAnswer } from "./start_message.ts";
import { quoteWord, quoteWords } from "./shell_words.ts";

/** Folders that a login without a terminal often has not in its PATH, although `tele` or Deno is there. */
const MORE_FOLDERS = ["$HOME/.local/bin", "$HOME/bin", "$HOME/.deno/bin", "/usr/local/bin", "/opt/homebrew/bin"];

/** Most characters of the other machine's words in a sentence. */
const MOST_SHOWN = 300;

/**
 * Starts its arguments in the background, with the login's standard input, and passes on what they say up to their
 * answer. Then nothing holds the login, which ends; sshd has put the process into a session without a terminal, so
 * that no signal follows. One line, for csh.
 */
const SCRIPT = [
  `PATH="$PATH:${MORE_FOLDERS.join(":")}"; export PATH`,
  `command -v "$1" >/dev/null 2>&1 || { echo "${MARK} missing"; exit 0; }`,
  `{ "$@" <&3 3<&- 2>&1 & } 3<&0 | ` +
  `while IFS= read -r line; do printf "%s\\n" "$line"; case $line in ${MARK}*) exit 0;; esac; done`,
].join("; ");

/**
 * The command for the login's shell there, whichever that is.
 *
 * @param remote The words that start `tele` there. One may begin with `~/`, which few shells expand behind `--remote=`:
 *   a login begins in its home.
 */
export function remoteCommand(remote: readonly string[]): string {
  const words = remote.map((word) => word.replace(/^~\//, "./"));
  return `exec sh -c ${quoteWord(SCRIPT)} tele-ssh ${quoteWords([...words, "ssh", "--serve"])}`;
}

/**
 * The port on which `tele` serves there.
 *
 * @param lines What the login has said that was to start it.
 * @param remote The words that were to start it.
 * @throws {TeleError} `bad-input` with what to do if it is not there, `refused` if it is there and cannot serve.
 */
export function servedPort(lines: readonly string[], remote: readonly string[]): number {
  const answer = lines.map(parseAnswer).find((found): found is Answer => found !== undefined);
  const [program] = remote;
  const name = quoteWords(remote);
  if (answer?.kind === "ready") return answer.port;
  if (answer?.kind === "failed") throw new TeleError("refused", `${name} on the other machine: ${answer.reason}`);
  if (answer?.kind === "missing") {
    // A path is looked for there alone.
    const where = program?.includes("/") ? "" : ", neither in PATH nor in folders such as ~/.local/bin";
    throw badInput(
      `there is no ${program} on the other machine${where}: install tele there, or say where it is by --remote=PATH`,
    );
  }
  // A trace stands behind the line that says what is wrong.
  const told = lines.find((line) => /\berror\b/i.test(line)) ?? lines.findLast((line) => line.trim() !== "");
  const words = told === undefined ? "it said nothing" : `it said: ${shortenShown(told, MOST_SHOWN)}`;
  throw new TeleError(
    "refused",
    `${name} on the other machine did not start as tele of this version does (${words}): ` +
      "install the same version there, or name another one by --remote=PATH",
  );
}
