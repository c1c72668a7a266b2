import { assertEquals } from "@std/assert";
import { helpText } from "../../../../lib/tunnel/command_line/help.ts";
import { StatusDisplay } from "../../../../lib/tunnel/log/status_display.ts";
import { type LinkStatus, statusLine } from "../../../../lib/tunnel/log/status_line.ts";
import { StatusTerminal } from "../../../../lib/tunnel/log/status_terminal.ts";
import { rewrapsLines } from "../../../../lib/tunnel/log/terminal.ts";
import { FakeClock } from "../../../support/fake_clock.ts";

const UP: LinkStatus = {
  sessions: 1,
  attached: 1,
  outageMs: 0,
  wasUp: true,
  streams: 0,
  sentBytes: 0,
  receivedBytes: 0,
  replayedBytes: 0,
};

/** Takes what a terminal would get. */
class Screen {
  text = "";
  columns = 80;
  readonly terminal: StatusTerminal;

  constructor(rewraps = true) {
    this.terminal = new StatusTerminal({
      write: (bytes) => {
        this.text += new TextDecoder().decode(bytes);
        return Promise.resolve(bytes.length);
      },
      columns: () => this.columns,
      rewraps,
    });
  }

  /** What came since the last call. */
  async take(): Promise<string> {
    await new Promise((resolve) => setTimeout(resolve, 0));
    const { text } = this;
    this.text = "";
    return text;
  }
}

Deno.test("the status line tells link, streams, rates, and what was sent again", () => {
  const cases: [string, Partial<LinkStatus>, Partial<LinkStatus>][] = [
    ["link up | no streams | down 0 B/s, up 0 B/s", {}, {}],
    ["link up | 1 stream | down 512 B/s, up 1.5 KiB/s", { streams: 1, receivedBytes: 1024, sentBytes: 3072 }, {}],
    ["link up | no streams | down 50 B/s, up 0 B/s", { receivedBytes: 100 }, { receivedBytes: 900 }],
    ["outage for 1 s | 1 stream waits", { attached: 0, streams: 1 }, {}],
    ["connecting for 18 s | 1 stream waits", { attached: 0, outageMs: 18_000, wasUp: false, streams: 1 }, {}],
    ["outage for 2 min 5 s | no streams", { attached: 0, outageMs: 125_900 }, {}],
    ["outage for 3 s | 2 streams wait | 18 KiB sent again", {
      attached: 0,
      outageMs: 3_400,
      streams: 2,
      replayedBytes: 18_432,
    }, {}],
    ["3 of 4 links up, outage for 7 s | no streams | down 0 B/s, up 0 B/s", {
      sessions: 4,
      attached: 3,
      outageMs: 7_000,
    }, {}],
  ];
  for (const [line, now, before] of cases) {
    assertEquals(statusLine({ ...UP, ...now }, { ...UP, ...before }, 2_000, 80), line);
  }
});

Deno.test("the status line is one column shorter than the terminal at the most", () => {
  const whole = statusLine(UP, UP, 1_000, 200);
  for (const columns of [0, 1, 2, 10, 44, 45]) {
    assertEquals(statusLine(UP, UP, 1_000, columns), whole.slice(0, Math.max(0, columns - 1)));
  }
});

Deno.test("the status line is written when it changes and not in the background, and is erased at the end", async () => {
  const clock = new FakeClock();
  const screen = new Screen();
  let status = UP;
  let isForeground = true;
  const display = new StatusDisplay({
    clock,
    terminal: screen.terminal,
    status: () => status,
    isForeground: () => isForeground,
  });
  assertEquals(await screen.take(), "");
  await clock.advance(1_000);
  assertEquals(await screen.take(), "\r\x1b[Klink up | no streams | down 0 B/s, up 0 B/s");
  await clock.advance(60_000);
  assertEquals(await screen.take(), "", "an idle link costs nothing");
  status = { ...UP, streams: 1 };
  isForeground = false;
  await clock.advance(3_000);
  assertEquals(await screen.take(), "", "in the background somebody types there");
  isForeground = true;
  await clock.advance(1_000);
  assertEquals(await screen.take(), "\r\x1b[Klink up | 1 stream | down 0 B/s, up 0 B/s");
  await display.stop();
  assertEquals(await screen.take(), "\r\x1b[K");
  status = UP;
  await clock.advance(10_000);
  assertEquals(await screen.take(), "");
});

Deno.test("log lines are written above the status line, and alone where there is none", async () => {
  const screen = new Screen();
  const line = (text: string) => new TextEncoder().encode(`${text}\n`);
  assertEquals(await screen.terminal.write(line("first")), 6);
  assertEquals(await screen.take(), "first\n");
  await screen.terminal.show("link up");
  await screen.terminal.write(line("second"));
  await screen.terminal.show("link up");
  assertEquals(await screen.take(), "\r\x1b[Klink up\r\x1b[Ksecond\nlink up");
});

Deno.test("a window that becomes narrower leaves no piece of the status line behind", async () => {
  const line = (text: string) => new TextEncoder().encode(`${text}\n`);
  const screen = new Screen();
  await screen.terminal.show("x".repeat(61));
  screen.columns = 20;
  await screen.take();
  await screen.terminal.write(line("a log line"));
  assertEquals(await screen.take(), `\r\x1b[3A\x1b[Ja log line\n${"x".repeat(61)}`, "four rows of 20 columns");
  await screen.terminal.show("short");
  assertEquals(await screen.take(), "\r\x1b[3A\x1b[Jshort");
  await screen.terminal.show("");
  assertEquals(await screen.take(), "\r\x1b[K");

  const cutting = new Screen(false);
  await cutting.terminal.show("x".repeat(61));
  cutting.columns = 20;
  await cutting.take();
  await cutting.terminal.show("short");
  assertEquals(await cutting.take(), "\r\x1b[Kshort", "where lines are cut, a row above is a log line");
});

Deno.test("which terminals wrap their lines anew", () => {
  const cases: [boolean, Record<string, string>][] = [
    [true, { TERM: "xterm-256color" }],
    [true, { TERM: "screen-256color", TMUX: "/tmp/tmux-0/default,1,0" }],
    [true, {}],
    [false, { TERM: "xterm-256color", XTERM_VERSION: "XTerm(379)" }],
    [false, { TERM: "screen" }],
    [false, { TERM: "linux" }],
  ];
  for (const [rewraps, env] of cases) assertEquals(rewrapsLines(env), rewraps, JSON.stringify(env));
});

Deno.test("a terminal that is held up gets no status lines, and what waited comes whole and in order", async () => {
  const written: string[] = [];
  const { promise: held, resolve: release } = Promise.withResolvers<void>();
  const terminal = new StatusTerminal({
    write: async (bytes) => {
      await held;
      // Some of it only, as a terminal may.
      const part = bytes.subarray(0, 3);
      written.push(new TextDecoder().decode(part));
      return part.length;
    },
    columns: () => 80,
    rewraps: true,
  });
  const writing = terminal.write(new TextEncoder().encode("a log line\n"));
  const skipped = terminal.show("link up");
  release();
  await Promise.all([writing, skipped]);
  assertEquals(written.join(""), "a log line\n");
});

Deno.test("the coloured help is the plain one with escape codes, at titles and options only", () => {
  const coloured = helpText(true);
  // deno-lint-ignore no-control-regex
  assertEquals(coloured.replace(/\x1b\[\d+m/g, ""), helpText());
  // deno-lint-ignore no-control-regex
  const marked = [...coloured.matchAll(/\x1b\[(\d+)m([^\x1b]*)\x1b\[0m/g)].map(([, code, text]) => [code, text]);
  const bold = marked.filter(([code]) => code === "1").map(([, text]) => text);
  assertEquals([bold[0], bold.includes("Server"), bold.includes("TLS, client"), bold.at(-1)], [
    "tele",
    true,
    true,
    "Exit codes",
  ]);
  const options = marked.filter(([code]) => code === "36").map(([, text]) => text);
  assertEquals(options.length, helpText().split("\n").filter((line) => line.startsWith("  --")).length);
});
