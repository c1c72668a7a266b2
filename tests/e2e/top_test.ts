/** `tele top` as somebody sees it: on a real terminal, and without one. */
import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import type { Report } from "../../lib/tunnel/top/report.ts";
import { PERMISSIONS } from "../../scripts/compile/permissions.ts";
import { DrawnScreen } from "../support/drawn_screen.ts";
import { type Scenario, scenario } from "../support/scenario.ts";
import { requires } from "../support/skip.ts";
import { aReport, aSession, reportJson } from "../support/top_reports.ts";
import { teleCommand } from "../support/tele_process.ts";
import { Terminal } from "../support/terminal.ts";
import { connectTo, echo, freePort, roundTrip, UserServer } from "../support/user_programs.ts";
import { until, within } from "../support/wait.ts";

/** A process that tells of itself what a test says, and its address. */
function told(s: Scenario, report: () => Report, token?: string): string {
  const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, (request) => {
    if (token !== undefined && request.headers.get("authorization") !== `Bearer ${token}`) {
      return new Response("a token is needed\n", { status: 401 });
    }
    return new Response(reportJson(report()));
  });
  s.defer(() => server.shutdown());
  return `127.0.0.1:${server.addr.port}`;
}

/** The command line of `tele top`, which may do no more than the compiled program. */
function topCommand(s: Scenario, args: string[], env: Record<string, string> = {}) {
  return teleCommand({ role: "config", args: ["top", ...args], home: s.home, env, permissions: PERMISSIONS });
}

/** `tele top` on a terminal, and what that shows. */
async function onTerminal(
  s: Scenario,
  args: string[],
  options: { env?: Record<string, string>; sizes?: string[] } = {},
) {
  const { command, env } = await topCommand(s, args, options.env);
  const terminal = new Terminal(s, { command, env, sizes: options.sizes ?? ["90x24"] });
  /** The screen, drawn from the start. */
  const screen = () => {
    const drawn = new DrawnScreen();
    drawn.write(terminal.raw);
    return drawn;
  };
  /** Waits until a line of the screen matches. */
  const shows = async (pattern: RegExp) => {
    try {
      await until(() => screen().lines.some((line) => pattern.test(line)), 20_000, `a line that matches ${pattern}`);
    } catch (error) {
      throw new Error(`${(error as Error).message}\n${screen().lines.join("\n")}\n${terminal.settings}`);
    }
  };
  return { terminal, screen, shows };
}

/** Runs `tele top` without a terminal, to its end. */
async function withoutTerminal(s: Scenario, args: string[], shell?: string) {
  const { command, env } = await topCommand(s, args);
  const [program, ...rest] = shell === undefined ? command : ["bash", "-c", shell, ...command];
  const output = await new Deno.Command(program!, { args: rest, env, stdin: "null" }).output();
  const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
  return { code: output.code, out: text(output.stdout), errors: text(output.stderr) };
}

const SESSIONS = Array.from({ length: 30 }, (_, at) => aSession({ id: `s${at}` }));

Deno.test({
  name: "tele top follows a process, its keys and the terminal's size, and leaves the terminal as it was",
  ...requires("python3"),
  fn: scenario(60_000, async (s) => {
    let report = aReport({ role: "server", sessions: SESSIONS });
    const address = told(s, () => report);
    const { terminal, screen, shows } = await onTerminal(s, [address], { sizes: ["90x24", "60x12"] });
    await shows(new RegExp(`^tele server 0\\.2\\.0: serving, up 2 h, at ${address}$`));
    await shows(/^> s0 /);
    assertEquals([screen().isAlternate, screen().hasCursor, screen().lines.length], [true, false, 24]);
    await terminal.type("\x1b[B\x1b[B");
    await shows(/^> s2 /);
    await shows(/^session s2 from /);
    terminal.resize();
    await until(() => screen().lines.length === 12, 10_000, "twelve lines");
    await shows(/^> s2 /);
    assert(screen().lines.every((line) => line.length <= 60), screen().lines.join("\n"));
    report = { ...report, nowMs: report.nowMs + 1_000, sessions: [aSession({ id: "s2", isInOutage: true })] };
    await shows(/^> s2 +OUTAGE /);
    await terminal.type("q");
    assertEquals(await within(terminal.ended, 10_000, "the end"), 0);
    assertEquals([screen().isAlternate, screen().hasCursor, terminal.settings], [false, true, "same"]);
  }),
});

Deno.test({
  name: "SIGTERM and Ctrl-C leave the terminal as it was, too",
  ...requires("python3"),
  fn: scenario(60_000, async (s) => {
    const address = told(s, aReport);
    const ends = [(terminal: Terminal) => terminal.terminate(), (terminal: Terminal) => terminal.type("\x03")];
    for (const end of ends) {
      const { terminal, screen, shows } = await onTerminal(s, [address]);
      await shows(/^> a1b2c3 /);
      await end(terminal);
      assertEquals(await within(terminal.ended, 10_000, "the end"), 0);
      assertEquals([screen().isAlternate, screen().hasCursor, terminal.settings], [false, true, "same"]);
    }
  }),
});

Deno.test({
  name: "tele top has colours where the terminal has them, and a peer's words steer nothing",
  ...requires("python3"),
  fn: scenario(60_000, async (s) => {
    const address = told(s, () => aReport({ sessions: [aSession({ client: "evil\x1b[2J\x1b]0;x\x07" })] }));
    const env = [{ NO_COLOR: "" }, { NO_COLOR: "1" }];
    const [coloured, plain] = await Promise.all(env.map((env) => onTerminal(s, [address], { env })));
    for (const { shows, terminal } of [coloured!, plain!]) {
      await shows(/^session a1b2c3 of evil\\u001b\[2J\\u001b\]0;x\\u0007, with /);
      await terminal.type("q");
      assertEquals(await within(terminal.ended, 10_000, "the end"), 0);
    }
    assertStringIncludes(coloured!.terminal.raw, "\x1b[32mserving\x1b[0m");
    assert(!plain!.terminal.raw.includes("\x1b[32m"));
  }),
});

Deno.test({
  name: "an outage of a real pair is seen at both ends while it lasts, and stays in the last hour",
  ...requires("python3"),
  fn: scenario(60_000, async (s) => {
    const user = s.use(new UserServer(echo));
    const status = freePort();
    const secret = `${s.home}/status-token`;
    await Deno.writeTextFile(secret, "a-secret-of-the-status\n");
    const { breaker, port } = await s.tunnel(user.port, {
      client: { args: [`--status=:${status}`] },
      server: { args: [`--status=unix:${s.home}/status`, `--status-token-file=${secret}`] },
    });
    const ends = await Promise.all([
      onTerminal(s, [`:${status}`]),
      onTerminal(s, [`unix:${s.home}/status`, `--token-file=${secret}`]),
    ]);
    const both = (pattern: RegExp) => Promise.all(ends.map(({ shows }) => shows(pattern)));
    await both(/^tele (client|server) \S+: serving, up /);
    await both(/^> \w+ +connected /);
    using connection = await connectTo(port);
    await roundTrip(connection, "before");
    await both(/^ +1 +\d+ \S+ +\d+ B\/s +\d+ B\/s +6 B +6 B /);
    await breaker.refuse(true);
    breaker.reset();
    await both(/^> \w+ +OUTAGE /);
    await ends[0]!.shows(/^tele client \S+: waiting, /);
    await breaker.refuse(false);
    await roundTrip(connection, "after");
    await both(/^> \w+ +connected /);
    await both(/^quiet {2}\|.*![!=]*\|$/);
    await both(/^connected for .*, 1 outage in /);
    for (const { terminal } of ends) {
      await terminal.type("q");
      assertEquals(await within(terminal.ended, 10_000, "the end"), 0);
    }
  }),
});

Deno.test({
  name: "without a terminal tele top prints a line each second, until nobody reads them",
  ...requires("bash"),
  fn: scenario(60_000, async (s) => {
    const address = told(s, aReport);
    const { code, out, errors } = await withoutTerminal(s, [address], '"$0" "$@" | head -2; exit ${PIPESTATUS[0]}');
    assertEquals([code, errors], [0, ""]);
    const [first, second, ...rest] = out.split("\n");
    for (const line of [first!, second!]) {
      assertMatch(line, /^time=2026-11-27T12:00:00\.000Z role=client state=serving sessions=1 in_outage=0 /);
    }
    assertEquals(rest, [""]);
  }),
});

Deno.test(
  "tele top says what to change where nobody is, no tele is, or the token is wrong",
  scenario(60_000, async (s) => {
    const token = `${s.home}/status-token`;
    await Deno.writeTextFile(token, "wrong\n");
    const guarded = told(s, aReport, "right");
    const other = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, () => new Response("<html>"));
    s.defer(() => other.shutdown());
    const cases: [string[], number, string][] = [
      [
        ["127.0.0.1:1"],
        1,
        "tele: 127.0.0.1:1: nobody listens there: start tele with --status on that address, or corr",
      ],
      [[`127.0.0.1:${other.addr.port}`], 1, "is not the --status of a tele of this version: it is no JSON\n"],
      [[guarded], 1, " asks for a token: give by --token-file the file of its --status-token-file\n"],
      [[guarded, `--token-file=${token}`], 1, " does not take this token: give by --token-file "],
      [["--token-file=/nowhere/token"], 1, "tele: --token-file=/nowhere/token cannot be read: "],
      [["9000"], 2, "tele: tele top takes the address that a process has as --status; "],
    ];
    const ended = await Promise.all(cases.map(([args]) => withoutTerminal(s, args)));
    for (const [at, [args, code, says]] of cases.entries()) {
      assertEquals(ended[at]!.code, code, args.join(" "));
      assertStringIncludes(ended[at]!.errors, says);
      assertEquals([ended[at]!.out, ended[at]!.errors.split("\n").length], ["", 2]);
    }
  }),
);
