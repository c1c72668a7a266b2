import { assert, assertEquals } from "@std/assert";
import { parseSshWords } from "../../../../lib/tunnel/ssh/ssh_words.ts";
import * as ways from "../../../../lib/tunnel/ssh/ssh_ways.ts";
import { clientOptions } from "../../../support/command_lines.ts";

const SSH = parseSshWords("-t -p 2222 -J jump -L 80:a:80 -S shared alice@host tmux a".split(" "));
const NEEDS = { port: 40300, resumeTimeoutMs: 60_000, logLevel: "warn" } as const;

/** The value of `-o name=`; ssh takes the first one. */
function optionOf(words: readonly string[], name: string): string | undefined {
  return words.find((word, at) => words[at - 1] === "-o" && word.startsWith(`${name}=`))?.slice(name.length + 1);
}

Deno.test("ssh is asked with all that the user wants", () => {
  const words = "ssh -G -t -p 2222 -J jump -L 80:a:80 -S shared -- alice@host tmux a";
  assertEquals(ways.configurationWords(SSH).join(" "), words);
});

Deno.test("ssh's configuration says where to, and whether something leads there", () => {
  const lines = ["user alice", "hostname 192.0.2.1", "port 22"];
  assertEquals(ways.readConfiguration(lines), { host: "192.0.2.1", isBehind: false });
  assertEquals(ways.readConfiguration([...lines, "proxyjump jump"]).isBehind, true);
  assertEquals(ways.readConfiguration([...lines, "proxycommand nc %h %p"]).isBehind, true);
  assertEquals(ways.readConfiguration([...lines, "proxyjump none", "proxycommand none"]).isBehind, false);
});

Deno.test("the login that starts tele forwards nothing, shares what is there, and runs the one command", () => {
  const words = ways.startWords(SSH, "exec sh");
  assertEquals(words.slice(-3), ["--", "alice@host", "exec sh"]);
  assert(words.join(" ").includes("-p 2222 -J jump -S shared"));
  for (const word of ["-t", "-L", "tmux"]) assertEquals(words.includes(word), false);
  assertEquals([optionOf(words, "ControlMaster"), optionOf(words, "ControlPath")], ["no", undefined]);
  assertEquals([optionOf(words, "RemoteCommand"), optionOf(words, "ClearAllForwardings")], ["none", "yes"]);
});

Deno.test("the login itself goes by the command, and by no shared connection or jump host", () => {
  const words = ways.carriedWords(SSH, "tele ssh --carry");
  assertEquals(words.slice(0, 3), ["ssh", "-o", "ProxyCommand=tele ssh --carry"]);
  assert(words.join(" ").endsWith("-t -p 2222 -L 80:a:80 -S shared -- alice@host tmux a"));
  assertEquals([optionOf(words, "ControlPath"), optionOf(words, "ServerAliveInterval")], ["none", "0"]);
  assertEquals(words.includes("-J"), false);
});

Deno.test("by a port the client connects to that host", () => {
  const { paths: [{ out }], limits, logLevel } = clientOptions([
    "--client",
    ...ways.portArguments({ host: "2001:db8::1", isBehind: false }, NEEDS),
  ]);
  assertEquals(out, { kind: "tcp", host: "2001:db8::1", port: 40300 });
  assertEquals([limits.resumeTimeoutMs, logLevel], [60_000, "warn"]);
});

Deno.test("by ssh -W the client asks nobody, and has one connection", () => {
  const ssh = parseSshWords(["-o", "ProxyCommand=nc '%h' \"%p\" | x", "-S", "shared", "host"]);
  const { paths: [{ out }], carriers } = clientOptions(["--client", ...ways.commandArguments(ssh, NEEDS)]);
  assert(out.kind === "command");
  assertEquals(carriers, 1);
  const { words } = out;
  assertEquals(words.slice(-6), ["-o", "ProxyCommand=nc '%h' \"%p\" | x", "-W", "127.0.0.1:40300", "--", "host"]);
  assertEquals([optionOf(words, "BatchMode"), optionOf(words, "ControlPath")], ["yes", "none"]);
});
