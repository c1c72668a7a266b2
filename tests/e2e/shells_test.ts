/**
 * Completion by the shells themselves, and the man page by the program that is strictest with it. PowerShell is in no
 * package of Debian: `tests/unit/tunnel/shells/powershell_test.ts` checks the syntax of its script.
 *
 * @module
 */
import { assertEquals } from "@std/assert";
import { OPTIONS } from "../../lib/tunnel/command_line/option_table.ts";
import { bashCompletion } from "../../lib/tunnel/shells/bash.ts";
import { type CompletedOption, completedOptions } from "../../lib/tunnel/shells/completed_option.ts";
import { manPage } from "../../lib/tunnel/shells/man_page.ts";
import { type AskedShell, offersOf } from "../support/shell_completion.ts";
import { onUnix, program } from "../support/skip.ts";
import { teleWords } from "../support/tele_program.ts";

/** Lines, and what each shell offers for them. */
interface Asked {
  /** A line as it is typed; in bash `|` is where readline parts words. */
  line: string;
  /** What is offered. */
  offers: string[];
}

const LEVELS = ["debug", "error", "info", "warn"];

/** The options that a shell offers behind `tele --server`, spelled by it. */
function namesOf(role: "server" | "client", spell: (name: string, hasValue: boolean) => string): string[] {
  const others = completedOptions(role).filter(({ name }) => name !== role);
  return others.map(({ name, placeholder }) => spell(name, placeholder !== undefined)).sort();
}

/** Whether only its user knows the value of an option. */
function isFreeText({ placeholder, completes: { words, paths } }: CompletedOption): boolean {
  return placeholder !== undefined && words === undefined && paths === undefined;
}

async function assertOffers(shell: AskedShell, asked: readonly Asked[]): Promise<void> {
  const offers = await offersOf(shell, asked.map(({ line }) => line));
  assertEquals(offers.map((words, at) => ({ line: asked[at]!.line, offers: words })), asked);
}

Deno.test({
  name: "bash completes options, for the role that is given, and the values that are known",
  ...onUnix("bash"),
  fn: () =>
    assertOffers("bash", [
      { line: "tele|--cl", offers: ["--client"] },
      { line: "tele|--server|--", offers: namesOf("server", (name, hasValue) => `--${name}${hasValue ? "=" : ""}`) },
      { line: "tele|--client|--std", offers: ["--stdio"] },
      { line: "tele|-server|--std", offers: [] },
      { line: "tele|do", offers: ["doctor"] },
      { line: "tele|doctor|--id", offers: ["--idle="] },
      { line: "tele|doctor|--max-s", offers: [] },
      { line: "tele|--name|=|doctor|--id", offers: [] },
      { line: "tele|ss", offers: ["ssh"] },
      { line: "tele|ssh|--by|=|p", offers: ["port"] },
      { line: "tele|ssh|--tok", offers: [] },
      { line: "tele|se", offers: ["service"] },
      { line: "tele|service|", offers: ["--config=", "--dry-run", "--help", "--name=", "install", "remove", "status"] },
      { line: "tele|service|i", offers: ["install"] },
      { line: "tele|service|--name|=|x|re", offers: ["remove"] },
      { line: "tele|service|install|st", offers: [] },
      { line: "tele|service|install|--con", offers: ["--config="] },
      { line: "tele|service|install|--config|=|a", offers: ["a file.pem"] },
      { line: "tele|service|--tok", offers: [] },
      { line: "tele|to", offers: ["top"] },
      { line: "tele|top|--tok", offers: ["--token-file="] },
      { line: "tele|top|--serv", offers: [] },
      { line: "tele|to", offers: ["top"] },
      { line: "tele|top|:40380|--", offers: ["--help", "--token-file="] },
      { line: "tele|dr", offers: ["drain"] },
      { line: "tele|drain|--", offers: ["--help", "--pid=", "--status-token-file=", "--status="] },
      { line: "tele|--id", offers: [] },
      // As readline parts them, as one word where its user has it so, and parted by a space.
      { line: "tele|--log-level|=", offers: LEVELS },
      { line: "tele|--log-level|=|w", offers: ["warn"] },
      { line: "tele|--log-level=w", offers: ["--log-level=warn"] },
      { line: "tele|--log-level|", offers: LEVELS },
      { line: "tele|-log-level|=|d", offers: ["debug"] },
      { line: "tele|--token-file|=|a", offers: ["a file.pem"] },
      { line: "tele|--make-cert|=|", offers: ["keys"] },
      { line: "tele|--tls-ca|=|", offers: ["a file.pem", "keys", "system"] },
      { line: "tele|--in|=|", offers: [] },
      { line: "tele|--client|--out|=|a|--ou", offers: ["--out="] },
      { line: "tele|--client|--in|=|a|--in", offers: [] },
    ]),
});

Deno.test({
  name: "zsh completes options, for the role that is given, and the values that are known",
  ...onUnix("zsh"),
  fn: () =>
    assertOffers("zsh", [
      { line: "tele --cl", offers: ["--client"] },
      { line: "tele --server --", offers: namesOf("server", (name) => `--${name}`) },
      { line: "tele --client --std", offers: ["--stdio"] },
      { line: "tele --server --std", offers: [] },
      { line: "tele do", offers: ["doctor"] },
      { line: "tele doctor --id", offers: ["--idle"] },
      { line: "tele doctor --max-s", offers: [] },
      { line: "tele ss", offers: ["ssh"] },
      { line: "tele ssh --by=p", offers: ["port"] },
      { line: "tele ssh --tok", offers: [] },
      { line: "tele se", offers: ["service"] },
      { line: "tele service ", offers: ["install", "remove", "status"] },
      { line: "tele service --name=x re", offers: ["remove"] },
      { line: "tele service install st", offers: [] },
      { line: "tele service install --con", offers: ["--config"] },
      { line: "tele service install --config=a", offers: ["a\\ file.pem"] },
      { line: "tele service --tok", offers: [] },
      { line: "tele to", offers: ["top"] },
      { line: "tele top --tok", offers: ["--token-file"] },
      { line: "tele top --serv", offers: [] },
      { line: "tele to", offers: ["top"] },
      { line: "tele top :40380 --tok", offers: ["--token-file"] },
      { line: "tele dr", offers: ["drain"] },
      { line: "tele drain --p", offers: ["--pid"] },
      { line: "tele --id", offers: [] },
      { line: "tele --log-level=", offers: LEVELS },
      { line: "tele --log-level w", offers: ["warn"] },
      { line: "tele --token-file=a", offers: ["a\\ file.pem"] },
      { line: "tele --make-cert=", offers: ["keys"] },
      { line: "tele --tls-ca=", offers: ["a\\ file.pem", "keys", "system"] },
      // Only its user knows such a value.
      ...completedOptions().filter(isFreeText).map(({ name }) => ({ line: `tele --${name}=`, offers: [] })),
      { line: "tele --client --out=a --ou", offers: ["--out"] },
      { line: "tele --client --in=a --in", offers: [] },
    ]),
});

Deno.test({
  name: "fish completes options, for the role that is given, and the values that are known",
  ...onUnix("fish"),
  fn: () =>
    assertOffers("fish", [
      { line: "tele --cl", offers: ["--client"] },
      { line: "tele --server --", offers: ["--server", ...namesOf("server", (name) => `--${name}`)].sort() },
      { line: "tele --client --std", offers: ["--stdio"] },
      { line: "tele --server --std", offers: [] },
      { line: "tele do", offers: ["doctor"] },
      { line: "tele doctor --id", offers: ["--idle"] },
      { line: "tele doctor --max-s", offers: [] },
      { line: "tele ss", offers: ["ssh"] },
      { line: "tele ssh --by=p", offers: ["--by=port"] },
      { line: "tele ssh --tok", offers: [] },
      { line: "tele se", offers: ["service"] },
      { line: "tele service ", offers: ["install", "remove", "status"] },
      { line: "tele service --name=x re", offers: ["remove"] },
      { line: "tele service install st", offers: [] },
      { line: "tele service install --con", offers: ["--config"] },
      { line: "tele service install --config=a", offers: ["--config=a file.pem"] },
      { line: "tele service --tok", offers: [] },
      { line: "tele to", offers: ["top"] },
      { line: "tele top --tok", offers: ["--token-file"] },
      { line: "tele top --serv", offers: [] },
      { line: "tele to", offers: ["top"] },
      { line: "tele top :40380 --tok", offers: ["--token-file"] },
      { line: "tele dr", offers: ["drain"] },
      { line: "tele drain --p", offers: ["--pid"] },
      { line: "tele --id", offers: [] },
      { line: "tele --log-level=", offers: LEVELS.map((level) => `--log-level=${level}`) },
      { line: "tele --log-level w", offers: ["warn"] },
      { line: "tele --token-file=a", offers: ["--token-file=a file.pem"] },
      { line: "tele --make-cert=", offers: ["--make-cert=keys/"] },
      { line: "tele --tls-ca=", offers: ["--tls-ca=a file.pem", "--tls-ca=keys/", "--tls-ca=system"] },
      { line: "tele --in=", offers: [] },
    ]),
});

Deno.test({
  name: "the script for bash is as shellcheck likes it",
  ...onUnix("shellcheck"),
  fn: async () => assertEquals(await said("shellcheck", ["--shell=bash", "--norc", "-"], bashCompletion()), ""),
});

Deno.test({
  name: "mandoc has nothing to say about the man page, and reads every option in it",
  ...onUnix("mandoc"),
  fn: async () => {
    assertEquals(await said("mandoc", ["-T", "lint"], manPage("1.2.3")), "");
    const page = await said("mandoc", ["-T", "utf8", "-O", "width=200"], manPage("1.2.3"));
    // Bold is a letter over itself.
    // deno-lint-ignore no-control-regex
    const text = page.replace(/.\x08/g, "");
    const missing = OPTIONS.filter((option) => {
      const value = option.kind === "value" ? `=${option.placeholder}` : "";
      return !new RegExp(`^ +--${option.name}${value.replace(/[[\]]/g, "\\$&")}( |$)`, "m").test(text);
    });
    assertEquals(missing, []);
  },
});

Deno.test("tele prints the script of a shell and the man page, and refuses what does not belong there", async () => {
  assertEquals(await tele("--completion=bash"), { code: 0, output: bashCompletion(), errors: "" });
  const { code, output } = await tele("--man");
  assertEquals([code, /^\.TH TELE 1 \S+ "tele \d/.test(output)], [0, true]);
  const other = await tele("--completion=tcsh");
  assertEquals([other.code, other.output], [2, ""]);
  assertEquals(
    other.errors,
    "tele: --completion takes bash, zsh, fish or powershell, for example --completion=bash; " +
      '"tcsh" is none of these\n',
  );
});

async function tele(...args: string[]): Promise<{ code: number; output: string; errors: string }> {
  const [path = "", ...words] = teleWords();
  const { code, stdout, stderr } = await new Deno.Command(path, {
    args: [...words, ...args],
    stdin: "null",
  }).output();
  return { code, output: new TextDecoder().decode(stdout), errors: new TextDecoder().decode(stderr) };
}

/** What a program says about `input`. */
async function said(name: string, args: string[], input: string): Promise<string> {
  const child = new Deno.Command(program(name), { args, stdin: "piped", stdout: "piped", stderr: "piped" }).spawn();
  const writer = child.stdin.getWriter();
  await writer.write(new TextEncoder().encode(input));
  await writer.close();
  const { stdout, stderr } = await child.output();
  return new TextDecoder().decode(stdout) + new TextDecoder().decode(stderr);
}
