import { assert, assertEquals } from "@std/assert";
import { line } from "../../../../lib/tunnel/top/styled_line.ts";
import { TerminalScreen } from "../../../../lib/tunnel/top/terminal_screen.ts";
import { DrawnScreen } from "../../../support/drawn_screen.ts";
import { settle } from "../../../support/fake_clock.ts";

/** A terminal that takes a few bytes at a time. */
function aTerminal() {
  const terminal = { size: { columns: 20, rows: 4 }, isRaw: false, raw: "", drawn: new DrawnScreen(), isStuck: false };
  const stuck = Promise.withResolvers<void>();
  const screen = new TerminalScreen({
    write(bytes) {
      if (terminal.isStuck) return stuck.promise.then(() => 0);
      const some = new TextDecoder().decode(bytes.subarray(0, 7));
      terminal.raw += some;
      terminal.drawn.write(some);
      return Promise.resolve(Math.min(7, bytes.length));
    },
    setRaw: (isRaw) => void (terminal.isRaw = isRaw),
    size: () => terminal.size,
    hasColors: true,
  });
  return { terminal, screen, free: stuck.resolve };
}

const drawing = (...texts: string[]) => texts.map((text) => line(text, "good"));

Deno.test("the terminal is taken, drawn on and given back as it was", async () => {
  const { terminal, screen } = aTerminal();
  screen.enter();
  screen.draw(drawing("one", "two", "three"));
  await settle();
  assertEquals(terminal.drawn.lines, ["one", "two", "three"]);
  assertEquals([terminal.isRaw, terminal.drawn.isAlternate, terminal.drawn.hasCursor], [true, true, false]);
  await screen.leave();
  assertEquals([terminal.isRaw, terminal.drawn.isAlternate, terminal.drawn.hasCursor], [false, false, true]);
});

Deno.test("only lines that have changed are written", async () => {
  const { terminal, screen } = aTerminal();
  screen.enter();
  screen.draw(drawing("one", "two", "three"));
  await settle();
  terminal.raw = "";
  screen.draw(drawing("one", "two", "three"));
  await settle();
  assertEquals(terminal.raw, "");
  screen.draw(drawing("one", "2", "three"));
  await settle();
  assertEquals(terminal.raw, "\x1b[2;1H\x1b[K\x1b[32m2\x1b[0m");
  assertEquals(terminal.drawn.lines, ["one", "2", "three"]);
});

Deno.test("no line is longer than the terminal is wide, and there are no more than it has rows", async () => {
  const { terminal, screen } = aTerminal();
  screen.enter();
  screen.draw(drawing("x".repeat(30), "2", "3", "4", "5"));
  await settle();
  assertEquals(terminal.drawn.lines, [`${"x".repeat(19)}~`, "2", "3", "4"]);
});

Deno.test("everything is drawn anew when the size has changed", async () => {
  const { terminal, screen } = aTerminal();
  screen.enter();
  screen.draw(drawing("one", "two"));
  await settle();
  terminal.size = { columns: 3, rows: 1 };
  terminal.raw = "";
  screen.draw(drawing("three", "two"));
  await settle();
  assert(terminal.raw.startsWith("\x1b[2J"));
  assertEquals(terminal.drawn.lines, ["th~"]);
});

Deno.test("a terminal that takes nothing gets little of what was drawn meanwhile, and then the latest", async () => {
  const { terminal, screen, free } = aTerminal();
  screen.enter();
  await settle();
  terminal.isStuck = true;
  for (let at = 0; at < 1_000; at++) screen.draw(drawing(String(at)));
  terminal.isStuck = false;
  free();
  await settle();
  screen.draw(drawing("latest"));
  await settle();
  assertEquals(terminal.drawn.lines, ["latest"]);
  const drawings = terminal.raw.split("\x1b[1;1H").length - 1;
  assert(drawings <= 4, `${drawings} drawings`);
});

Deno.test("what was never taken is not given back", async () => {
  const { terminal, screen } = aTerminal();
  await screen.leave();
  assertEquals(terminal.raw, "");
});

Deno.test("a terminal that has gone stops nobody", async () => {
  const screen = new TerminalScreen({
    write: () => Promise.reject(new Error("input/output error")),
    setRaw() {},
    size: () => ({ columns: 80, rows: 24 }),
    hasColors: false,
  });
  screen.enter();
  screen.draw(drawing("one"));
  await screen.leave();
});
