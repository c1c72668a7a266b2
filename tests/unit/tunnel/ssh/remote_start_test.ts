import { assert, assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { TeleError } from "../../../../lib/net/error.ts";
import { remoteCommand, servedPort } from "../../../../lib/tunnel/ssh/remote_start.ts";
import { onUnix, program } from "../../../support/skip.ts";

Deno.test("the port is that of the answer, whatever a login prints in front of it", () => {
  assertEquals(servedPort(["Welcome!", 'tele-ssh ready {"port":40300}', "late"], ["tele"]), 40_300);
});

Deno.test("each way of not starting has a sentence of its own", () => {
  const cases: [lines: string[], remote: string[], parts: string[]][] = [
    [["tele-ssh missing"], ["/opt/tele"], [
      "there is no /opt/tele on the other machine: install tele",
      "--remote=PATH",
    ]],
    [["tele-ssh missing"], ["tele"], ["there is no tele on the other machine, neither in PATH", "--remote=PATH"]],
    [["tele-ssh missing"], ["/opt/tele"], ["there is no /opt/tele"]],
    [['tele-ssh failed {"reason":"no port is free"}'], ["a", "b"], ["a b on the other machine: no port is free"]],
    [["hello", "unknown flag ssh", ""], ["tele"], ["it said: unknown flag ssh", "install the same version"]],
    [["Error: no module", "  at main.ts:1:1"], ["tele"], ["it said: Error: no module"]],
    [[], ["tele"], ["it said nothing"]],
    [["\x1b[2J"], ["tele"], ["\\u001b[2J"]],
  ];
  for (const [lines, remote, parts] of cases) {
    const { message } = assertThrows(() => servedPort(lines, remote), TeleError);
    for (const part of parts) assertStringIncludes(message, part);
  }
});

Deno.test("the command is one line, and names no secret", () => {
  const command = remoteCommand(["/opt/my tele", "--x"]);
  assert(!command.includes("\n"));
  assertStringIncludes(command, `tele-ssh '/opt/my tele' --x ssh --serve`);
});

Deno.test("a path that begins with a tilde is one from the home, where a login begins", () => {
  assertStringIncludes(
    remoteCommand(["deno", "run", "~/tele/main.ts", "~x"]),
    "deno run ./tele/main.ts '~x' ssh --serve",
  );
  assert(remoteCommand(["~/bin/tele"]).endsWith(" tele-ssh ./bin/tele ssh --serve"));
});

/** What the command does in a shell; `remote` gets the words and the input of `tele ssh --serve`. */
async function run(...remote: string[]): Promise<string> {
  const child = new Deno.Command(program("sh"), {
    args: ["-c", remoteCommand(remote)],
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const writer = child.stdin.getWriter();
  // What ends without reading breaks the pipe.
  const writing = writer.write(new TextEncoder().encode("order\nmore\n")).then(() => writer.close()).catch(() => {});
  const [{ stdout }] = await Promise.all([child.output(), writing]);
  return new TextDecoder().decode(stdout);
}

Deno.test({
  name: "the login ends with the answer, and what it started goes on without it",
  ...onUnix("sh"),
  fn: async () => {
    const folder = await Deno.makeTempDir();
    try {
      const script = `read -r a; echo "noise $*" >&2; echo "tele-ssh $a"; read -r b; echo "$b" >${folder}/pipe`;
      // Whoever opens the pipe for reading meets the process that the login has left.
      await new Deno.Command("mkfifo", { args: [`${folder}/pipe`] }).output();
      const output = await run("sh", "-c", script, "it's", "a b");
      assertEquals(output, "noise a b ssh --serve\ntele-ssh order\n");
      assertEquals(await Deno.readTextFile(`${folder}/pipe`), "more\n");
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  },
});

Deno.test({
  name: "a program that is not there is missing, and one that says no answer is heard to its end",
  ...onUnix("sh"),
  fn: async () => {
    assertEquals(await run("/no/such/tele"), "tele-ssh missing\n");
    assertEquals(await run("sh", "-c", "echo one; echo two >&2"), "one\ntwo\n");
  },
});
