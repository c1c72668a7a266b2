import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { TeleError } from "../../../../lib/net/error.ts";
import { type Carriage, parseCarriage } from "../../../../lib/tunnel/ssh/carriage.ts";
import { logIn } from "../../../../lib/tunnel/ssh/login.ts";
import type { Answered } from "../../../../lib/tunnel/ssh/programs.ts";
import { parseSshCommand } from "../../../../lib/tunnel/ssh/ssh_options.ts";
import { parseOrder } from "../../../../lib/tunnel/ssh/start_message.ts";

/** A world in which `tele ssh` logs in, and what happened there. */
interface World {
  configuration: Answered;
  start: Answered;
  /** Why a way fails, told by its place among those that are tried. */
  failures: (string | undefined)[];
  readonly asked: { words: readonly string[]; input: string }[];
  readonly tried: Carriage[];
  readonly run: { words: readonly string[]; carriage: Carriage }[];
}

function world(changes: Partial<World> = {}): World {
  return {
    configuration: { code: 0, lines: ["hostname host.example"] },
    start: { code: 0, lines: ['tele-ssh ready {"port":40300}'] },
    failures: [],
    asked: [],
    tried: [],
    run: [],
    ...changes,
  };
}

async function login(at: World, ...words: string[]): Promise<number> {
  const command = parseSshCommand(words);
  assert(command.kind === "login");
  return await logIn(command.options, {
    programs: {
      ask: (words, input) => {
        at.asked.push({ words, input });
        return Promise.resolve(words[1] === "-G" ? at.configuration : at.start);
      },
      run: (words, env) => {
        at.run.push({ words, carriage: parseCarriage(env.TELE_SSH) });
        return Promise.resolve(7);
      },
    },
    proxy: "PROXY",
    unreached: (carriage) => Promise.resolve(at.failures[at.tried.push(carriage) - 1]),
    makeToken: () => "secret-of-this-login",
    log: () => {},
  });
}

Deno.test("a login by a port ends with ssh's exit code, and its secret is on no command line", async () => {
  const at = world();
  assertEquals(await login(at, "-p", "22", "alice@host", "exit 7"), 7);
  assertEquals(parseOrder(at.asked[1]!.input), {
    token: "secret-of-this-login",
    listen: "everywhere",
    resumeTimeoutMs: 3 * 86_400_000,
  });
  const [{ words, carriage }] = at.run as [World["run"][number]];
  assertEquals([carriage.token, carriage.args[0]], ["secret-of-this-login", "--out=host.example:40300"]);
  assertEquals(words.slice(-3), ["--", "alice@host", "exit 7"]);
  const commands = [...at.asked.map((asked) => asked.words), words].flat().join(" ");
  assert(!commands.includes("secret"));
});

Deno.test("a port that cannot be reached is passed by for ssh -W", async () => {
  const at = world({ failures: ["no answer within 2 s"] });
  assertEquals(await login(at, "host"), 7);
  assertEquals(at.tried.length, 2);
  assertStringIncludes(at.run[0]!.carriage.args[0]!, "--out=exec:ssh ");
});

Deno.test("behind a jump host, and where the user wants it, no port is opened", async () => {
  const jump = world({ configuration: { code: 0, lines: ["hostname host", "proxyjump jump"] } });
  await login(jump, "host");
  const wanted = world();
  await login(wanted, "--by=ssh", "host");
  for (const { asked, tried } of [jump, wanted]) {
    assertEquals(parseOrder(asked[1]!.input).listen, "loopback");
    assertStringIncludes(tried.map(({ args }) => args[0]).join(), "--out=exec:ssh ");
  }
});

Deno.test("the ports that a firewall lets through are told to the other machine", async () => {
  const at = world();
  await login(at, "--port=40300-40399", "host");
  assertEquals(parseOrder(at.asked[1]!.input).ports, { low: 40300, high: 40399 });
});

Deno.test("with --by=port nothing else is tried, and a jump host is no reason not to", async () => {
  const at = world({ configuration: { code: 0, lines: ["hostname host", "proxyjump jump"] }, failures: ["refused"] });
  const error = await assertRejects(() => login(at, "--by=port", "host"), TeleError);
  assertStringIncludes(
    error.message,
    "cannot be reached by port 40300 of host: refused; let this machine reach the ports there",
  );
  assertEquals([at.tried.length, at.run.length], [1, 0]);
});

Deno.test("where no way leads there, each is told with its reason", async () => {
  const at = world({ failures: ["no answer within 2 s", "Permission denied (password)"] });
  const error = await assertRejects(() => login(at, "host"), TeleError);
  for (const part of ["by port 40300 of host.example: no answer", "nor by ssh -W: Permission denied", "a key"]) {
    assertStringIncludes(error.message, part);
  }
  assertEquals(at.run, []);
});

Deno.test("where ssh fails itself, or is ended, its exit code is the end", async () => {
  const configuration = world({ configuration: { code: 255, lines: [] } });
  assertEquals([await login(configuration, "host"), configuration.asked.length], [255, 1]);
  for (const code of [255, 130]) {
    const start = world({ start: { code, lines: [] } });
    assertEquals([await login(start, "host"), start.tried, start.run], [code, [], []]);
  }
});

Deno.test("where tele is not on the other machine, nothing is run", async () => {
  const at = world({ start: { code: 0, lines: ["tele-ssh missing"] } });
  await assertRejects(() => login(at, "--remote=/opt/tele", "host"), TeleError, "there is no /opt/tele on the other");
  assertEquals(at.run, []);
});
