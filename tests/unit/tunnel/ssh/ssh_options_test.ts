import { assert, assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { TeleError } from "../../../../lib/net/error.ts";
import { type LoginOptions, parseSshCommand } from "../../../../lib/tunnel/ssh/ssh_options.ts";

function login(...words: string[]): LoginOptions {
  const command = parseSshCommand(words);
  assert(command.kind === "login");
  return command.options;
}

Deno.test("a host alone is a login with every default", () => {
  assertEquals(login("host"), {
    remote: ["tele"],
    by: "auto",
    ports: undefined,
    resumeTimeoutMs: 3 * 86_400_000,
    logLevel: "error",
    ssh: { options: [], destination: "host", command: [] },
  });
});

Deno.test("options of tele stand in front of the host, beside ssh's, in both spellings", () => {
  const options = login("--remote=deno run -A 'a b.ts'", "-p", "22", "--by", "ssh", "-t", "host", "-v", "ls", "--by=x");
  assertEquals([options.remote, options.by], [["deno", "run", "-A", "a b.ts"], "ssh"]);
  assertEquals(options.ssh.options.map(({ letter }) => letter), ["p", "t", "v"]);
  assertEquals(options.ssh.command, ["ls", "--by=x"]);
  assertEquals(login("--port=40300-40399", "host").ports, { low: 40300, high: 40399 });
  assertEquals(login("--log-level=debug", "--resume-timeout=1h", "host").resumeTimeoutMs, 3_600_000);
});

Deno.test("a value of ssh's is never taken for the host", () => {
  assertEquals(login("-o", "A=b", "--by=port", "-tp", "22", "host").by, "port");
  assertEquals(login("-p22", "--by=port", "host").ssh.destination, "host");
});

Deno.test("no words, -h and --help ask for the help, and two words are of tele itself", () => {
  for (const words of [[], ["-h"], ["--help"], ["--by=ssh", "--help"]]) {
    assertEquals(parseSshCommand(words).kind, "help");
  }
  assertEquals([parseSshCommand(["--serve"]).kind, parseSshCommand(["--carry"]).kind], ["serve", "carry"]);
});

Deno.test("a mistake is told with what to change", () => {
  const refusals: [words: string[], part: string][] = [
    [["--remotte=x", "host"], "no option --remotte; the nearest is --remote"],
    [
      ["--remote=", "host"],
      "--remote takes a path or a command, for example --remote='deno run -A tele/main.ts'; here",
    ],
    [["--remote= ", "host"], "it has no words"],
    [["--remote='x", "host"], "has no end"],
    [["--by=udp", "host"], 'auto, port or ssh, for example --by=ssh; "udp" is none of these'],
    [
      ["--port=0", "host"],
      "--port takes a port, or the first and the last of several, for example --port=40300-40399;",
    ],
    [["--by=ssh", "--by=ssh", "host"], "--by is given more than once"],
    [["--resume-timeout=1", "host"], "has no unit"],
    [["--help=yes"], "--help takes no value"],
    [["--log-level"], "here it has no value"],
    [["--by=ssh"], "needs a host"],
  ];
  for (const [words, part] of refusals) {
    const error = assertThrows(() => parseSshCommand(words), TeleError);
    assertStringIncludes(error.message, part);
    assertEquals(error.code, "bad-input");
  }
});
