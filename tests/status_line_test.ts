import { assertEquals } from "@std/assert";
import { helpText } from "../lib/tunnel/help.ts";
import { StatusDisplay } from "../lib/tunnel/status_display.ts";
import { type LinkStatus, statusLine } from "../lib/tunnel/status_line.ts";
import { StatusTerminal } from "../lib/tunnel/terminal.ts";
import { FakeClock } from "./support/fake_clock.ts";

const UP: LinkStatus = {
  sessions: 1,
  attached: 1,
  outageMs: 0,
  streams: 0,
  sentBytes: 0,
  receivedBytes: 0,
  replayedBytes: 0,
};

/** Takes what a terminal would get. */
class Screen {
  text = "";
  readonly terminal = new StatusTerminal((bytes) => {
    this.text += new TextDecoder().decode(bytes);
    return Promise.resolve(bytes.length);
  });

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
    ["link up | no streams | in 0 B/s, out 0 B/s", {}, {}],
    ["link up | 1 stream | in 512 B/s, out 1.5 KiB/s", { streams: 1, receivedBytes: 1024, sentBytes: 3072 }, {}],
    ["link up | no streams | in 50 B/s, out 0 B/s", { receivedBytes: 100 }, { receivedBytes: 900 }],
    ["outage for 1 s | 1 stream waits", { attached: 0, streams: 1 }, {}],
    ["outage for 2 min 5 s | no streams", { attached: 0, outageMs: 125_900 }, {}],
    ["outage for 3 s | 2 streams wait | 18 KiB sent again", {
      attached: 0,
      outageMs: 3_400,
      streams: 2,
      replayedBytes: 18_432,
    }, {}],
    ["3 of 4 links up, outage for 7 s | no streams | in 0 B/s, out 0 B/s", {
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
  for (const columns of [0, 1, 2, 10, 43, 44]) {
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
    columns: () => 80,
    isForeground: () => isForeground,
  });
  assertEquals(await screen.take(), "");
  await clock.advance(1_000);
  assertEquals(await screen.take(), "\r\x1b[Klink up | no streams | in 0 B/s, out 0 B/s");
  await clock.advance(60_000);
  assertEquals(await screen.take(), "", "an idle link costs nothing");
  status = { ...UP, streams: 1 };
  isForeground = false;
  await clock.advance(3_000);
  assertEquals(await screen.take(), "", "in the background somebody types there");
  isForeground = true;
  await clock.advance(1_000);
  assertEquals(await screen.take(), "\r\x1b[Klink up | 1 stream | in 0 B/s, out 0 B/s");
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

Deno.test("a terminal that is held up gets no status lines, and what waited comes whole and in order", async () => {
  const written: string[] = [];
  const { promise: held, resolve: release } = Promise.withResolvers<void>();
  const terminal = new StatusTerminal(async (bytes) => {
    await held;
    // Some of it only, as a terminal may.
    const part = bytes.subarray(0, 3);
    written.push(new TextDecoder().decode(part));
    return part.length;
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
