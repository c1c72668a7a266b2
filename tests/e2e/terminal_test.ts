/** What a person sees: a client, and the help, on a real terminal. */
import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { type Scenario, scenario } from "../support/scenario.ts";
import { requires } from "../support/skip.ts";
import { teleCommand } from "../support/tele_process.ts";
import { Terminal } from "../support/terminal.ts";
import { echo, freePort, UserServer } from "../support/user_programs.ts";
import { until, within } from "../support/wait.ts";

/** A tele client on a terminal, in front of a breaker. */
async function clientOnTerminal(
  s: Scenario,
  options: { args?: string[]; env?: Record<string, string>; columns?: number } = {},
) {
  const user = s.use(new UserServer(echo));
  const server = await s.server(user.port);
  const breaker = await s.breaker(server.port);
  const port = freePort();
  const args = [`--in=127.0.0.1:${port}`, `--out=127.0.0.1:${breaker.port}`, ...options.args ?? []];
  const { command, env } = await teleCommand({ role: "client", args, home: s.home, env: options.env });
  return { breaker, port, terminal: new Terminal(s, { command, env, sizes: [`${options.columns ?? 100}x24`] }) };
}

const LINK_UP = /^link up \| no streams \| down \d+ B\/s, up \d+ B\/s$/;
const CONTROL_C = "\x03";

Deno.test({
  name: "a client on a terminal has one live line, which gives way to log lines and is gone at the end",
  ...requires("python3"),
  fn: scenario(60_000, async (s) => {
    const { breaker, port, terminal } = await clientOnTerminal(s);
    await terminal.shows(LINK_UP);
    using _connection = await Deno.connect({ hostname: "127.0.0.1", port });
    await terminal.shows(/^link up \| 1 stream \| down /);
    await breaker.refuse(true);
    breaker.reset();
    await terminal.shows(/^outage for \d s \| 1 stream waits( \| .* sent again)?$/);
    await breaker.refuse(false);
    await terminal.shows(/^link up \| 1 stream \| down /);
    await terminal.type(CONTROL_C);
    assertEquals(await within(terminal.ended, 10_000, "the end"), 0);

    const [ready, ...log] = terminal.lines;
    assertMatch(ready!, /^tele client ready: /);
    assertEquals(log.pop(), "", "the cursor is on a line of its own");
    const time = /^\d{4}-\d\d-\d\dT[\d:.]+Z (debug|info |warn |error) \S/;
    // The terminal itself shows what was typed, where the live line stood.
    for (const line of log) assertMatch(line.replace(/^.*\^C/, ""), time, terminal.lines.join("\n"));
    for (const text of ["link up: new session", "link lost: ", "resumed after "]) {
      assertEquals(log.filter((line) => line.includes(text)).length, 1, text);
    }
  }),
});

Deno.test({
  name: "the live line is cut to a narrow terminal",
  ...requires("python3"),
  fn: scenario(60_000, async (s) => {
    const { terminal } = await clientOnTerminal(s, { columns: 20 });
    await terminal.shows(/^link up \| no stream$/);
    await terminal.type(CONTROL_C);
    await within(terminal.ended, 10_000, "the end");
  }),
});

Deno.test({
  name: "there is no live line with --log-format=json, on a dumb terminal, and none with --stdio",
  ...requires("python3"),
  fn: scenario(60_000, async (s) => {
    const options = [{ args: ["--log-format=json"] }, { env: { TERM: "dumb" } }];
    const clients = await Promise.all(options.map((each) => clientOnTerminal(s, each)));
    const { breaker } = clients[0]!;
    const args = ["--stdio", `--out=127.0.0.1:${breaker.port}`];
    const { command, env } = await teleCommand({ role: "client", args, home: s.home });
    const terminals = [...clients.map(({ terminal }) => terminal), new Terminal(s, { command, env })];
    for (const terminal of terminals) {
      await until(() => terminal.raw.includes("link up: new session"), 20_000, "the link");
    }
    // Twice the time after which the line would be there.
    await new Promise((resolve) => setTimeout(resolve, 2_000));
    for (const terminal of terminals) {
      assert(!terminal.raw.includes("\x1b") && !/link up \|/.test(terminal.raw), terminal.raw);
      await terminal.type(CONTROL_C);
      assertEquals(await within(terminal.ended, 10_000, "the end"), 0);
    }
  }),
});

Deno.test({
  name: "the help is coloured on a terminal, unless NO_COLOR or a dumb terminal asks for none",
  ...requires("python3"),
  fn: scenario(60_000, async (s) => {
    const help = async (variables: Record<string, string>) => {
      const { command, env } = await teleCommand({ role: "client", args: ["--help"], home: s.home, env: variables });
      const terminal = new Terminal(s, { command, env });
      assertEquals(await within(terminal.ended, 20_000, "the help"), 0);
      return terminal;
    };
    const [coloured, plain, dumb] = await Promise.all([
      help({ NO_COLOR: "" }),
      help({ NO_COLOR: "1" }),
      help({ NO_COLOR: "", TERM: "dumb" }),
    ]);
    assertStringIncludes(coloured.raw, "\x1b[1mUsage\x1b[0m");
    assertStringIncludes(coloured.raw, "  \x1b[36m--stdio\x1b[0m ");
    for (const { raw } of [plain, dumb]) assert(!raw.includes("\x1b"));
    assertEquals(coloured.lines, plain.lines);
    assertEquals(dumb.lines, plain.lines);
  }),
});
