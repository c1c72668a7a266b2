/** What a person sees: a client, and the help, on a real terminal. */
import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { type Scenario, scenario } from "../support/scenario.ts";
import { program, requires } from "../support/skip.ts";
import { teleCommand } from "../support/tele_process.ts";
import { echo, freePort, UserServer } from "../support/user_programs.ts";
import { until, within } from "../support/wait.ts";

/**
 * Runs a command on a terminal of its own: standard input is the keyboard, standard output the bytes for the screen.
 */
const PTY = `
import fcntl, os, pty, select, struct, sys, termios
pid, screen = pty.fork()
if pid == 0:
    fcntl.ioctl(0, termios.TIOCSWINSZ, struct.pack("HHHH", 24, int(sys.argv[1]), 0, 0))
    os.execvp(sys.argv[2], sys.argv[2:])
while True:
    ready = select.select([0, screen], [], [])[0]
    if 0 in ready:
        os.write(screen, os.read(0, 1024))
    if screen in ready:
        try:
            data = os.read(screen, 65536)
        except OSError:
            data = b""
        if not data:
            break
        os.write(1, data)
sys.exit(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
`;

/** A command on a terminal. */
class Terminal {
  /** The bytes for the screen. */
  raw = "";
  readonly ended: Promise<number>;
  readonly #keyboard: WritableStreamDefaultWriter<Uint8Array<ArrayBuffer>>;

  constructor(s: Scenario, command: string[], env: Record<string, string>, columns = 100) {
    const child = new Deno.Command(program("python3"), {
      // `deno run` clears the screen below its own progress before the program starts, unless it is told to be quiet.
      args: ["-c", PTY, String(columns), ...command.toSpliced(2, 0, "--quiet")],
      env: { TERM: "xterm", ...env },
      stdin: "piped",
      stdout: "piped",
    }).spawn();
    this.#keyboard = child.stdin.getWriter();
    const reading = (async () => {
      for await (const text of child.stdout.pipeThrough(new TextDecoderStream())) this.raw += text;
    })();
    let ended = false;
    this.ended = Promise.all([child.status, reading]).then(([{ code }]) => {
      ended = true;
      return code;
    });
    s.defer(async () => {
      if (!ended) child.kill("SIGKILL");
      await this.ended;
      await this.#keyboard.close().catch(() => {});
    });
  }

  /** The lines on the screen, as tall as it needs to be. Knows the few codes that are used here. */
  get lines(): string[] {
    const lines = [""];
    // deno-lint-ignore no-control-regex
    for (const [piece] of this.raw.matchAll(/\r\n|\r\x1b\[K|\x1b\[\d*m|[^\r\n\x1b]+|[^]/g)) {
      if (piece === "\r\n") lines.push("");
      else if (piece === "\r\x1b[K") lines[lines.length - 1] = "";
      else if (!piece.endsWith("m") || piece[0] !== "\x1b") lines[lines.length - 1] += piece;
    }
    return lines;
  }

  /** Waits until the last line matches. */
  async shows(pattern: RegExp, ms = 20_000): Promise<void> {
    try {
      await until(() => pattern.test(this.lines.at(-1)!), ms, `a last line that matches ${pattern}`);
    } catch (error) {
      throw new Error(`${(error as Error).message}\n${this.lines.join("\n")}`);
    }
  }

  /** Types a key. */
  async type(key: string): Promise<void> {
    await this.#keyboard.write(new TextEncoder().encode(key));
  }
}

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
  return { breaker, port, terminal: new Terminal(s, command, env, options.columns) };
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
    const terminals = [...clients.map(({ terminal }) => terminal), new Terminal(s, command, env)];
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
      const terminal = new Terminal(s, command, env);
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
