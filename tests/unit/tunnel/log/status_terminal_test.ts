import { assertEquals } from "@std/assert";
import { StatusTerminal } from "../../../../lib/tunnel/log/status_terminal.ts";
import { Screen } from "../../../support/screen.ts";

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
