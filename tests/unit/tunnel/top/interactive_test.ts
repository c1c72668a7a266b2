import { assertEquals, assertMatch, assertRejects } from "@std/assert";
import { runInteractive } from "../../../../lib/tunnel/top/interactive.ts";
import type { Report } from "../../../../lib/tunnel/top/report.ts";
import { TerminalScreen } from "../../../../lib/tunnel/top/terminal_screen.ts";
import { DrawnScreen } from "../../../support/drawn_screen.ts";
import { FakeClock } from "../../../support/fake_clock.ts";
import { aReport, aSession } from "../../../support/top_reports.ts";

/** Somebody in front of a terminal. */
function somebody(answer: () => Promise<Report>) {
  const clock = new FakeClock();
  const drawn = new DrawnScreen();
  const ending = new AbortController();
  const seen = { isRaw: false, resizes: new Set<() => void>(), size: { columns: 80, rows: 24 } };
  let key = Promise.withResolvers<Uint8Array | null>();
  const running = runInteractive({
    ask: answer,
    clock,
    signal: ending.signal,
    address: "localhost:40380",
    screen: new TerminalScreen({
      write(bytes) {
        drawn.write(new TextDecoder().decode(bytes));
        return Promise.resolve(bytes.length);
      },
      setRaw: (isRaw) => void (seen.isRaw = isRaw),
      size: () => seen.size,
      hasColors: false,
    }),
    read: () => key.promise,
    onResize(action) {
      seen.resizes.add(action);
      return () => seen.resizes.delete(action);
    },
  });
  const type = async (text: string | null) => {
    const typed = key;
    key = Promise.withResolvers();
    typed.resolve(text === null ? null : new TextEncoder().encode(text));
    await clock.settle();
  };
  return { clock, drawn, ending, seen, running, type, fail: (error: Error) => key.reject(error) };
}

const SESSIONS = ["one", "two", "three"].map((id) => aSession({ id }));

Deno.test("the process is drawn, and q gives the terminal back", async () => {
  const { clock, drawn, seen, running, type } = somebody(() => Promise.resolve(aReport()));
  await clock.settle();
  assertEquals(drawn.lines[0], "tele client 0.2.0: serving, up 2 h, at localhost:40380");
  assertEquals([drawn.isAlternate, seen.isRaw, seen.resizes.size], [true, true, 1]);
  await type("q");
  await running;
  assertEquals([drawn.isAlternate, drawn.hasCursor, seen.isRaw, seen.resizes.size], [false, true, false, 0]);
  assertEquals(clock.pendingTimers, 0);
});

Deno.test("a signal, a lost keyboard and Ctrl-C give it back as well", async () => {
  const ends: ((person: ReturnType<typeof somebody>) => unknown)[] = [
    ({ ending }) => ending.abort(),
    ({ type }) => type(null),
    ({ type }) => type("\x03"),
  ];
  for (const end of ends) {
    const person = somebody(() => Promise.resolve(aReport()));
    await person.clock.advance(1_500);
    await end(person);
    await person.running;
    assertEquals([person.drawn.isAlternate, person.seen.isRaw], [false, false]);
  }
});

Deno.test("arrows choose a session at once", async () => {
  const { clock, drawn, running, type } = somebody(() => Promise.resolve(aReport({ sessions: SESSIONS })));
  await clock.settle();
  const chosen = () => drawn.lines.find((line) => line.startsWith("> "))?.split(" ")[1];
  assertEquals(chosen(), "one");
  await type("\x1b[B");
  assertEquals(chosen(), "two");
  await type("\x1b[B\x1b[A\x1b[F");
  assertEquals(chosen(), "three");
  await clock.advance(2_000);
  assertEquals(chosen(), "three");
  await type("q");
  await running;
});

Deno.test("it is drawn anew when the terminal has another size", async () => {
  const { clock, drawn, seen, running, type } = somebody(() => Promise.resolve(aReport()));
  await clock.settle();
  seen.size = { columns: 20, rows: 6 };
  for (const resized of seen.resizes) resized();
  await clock.settle();
  assertEquals(drawn.lines[0], "tele client 0.2.0: ~");
  assertEquals(drawn.lines.length, 6);
  await type("q");
  await running;
});

Deno.test("a process that is lost is said to be, and what it told last stays", async () => {
  let isThere = true;
  const answer = () =>
    isThere ? Promise.resolve(aReport()) : Promise.reject(new Error("localhost:40380: nobody there"));
  const { clock, drawn, running, type } = somebody(answer);
  await clock.settle();
  isThere = false;
  await clock.advance(1_000);
  assertEquals(drawn.lines[0], "tele client 0.2.0: LOST: localhost:40380: nobody there");
  assertMatch(drawn.lines.join("\n"), /^> a1b2c3 /m);
  isThere = true;
  await clock.advance(1_000);
  assertMatch(drawn.lines[0]!, /: serving, /);
  await type("q");
  await running;
});

Deno.test("without a first answer the terminal is not touched", async () => {
  const { clock, drawn, seen, running } = somebody(() => Promise.reject(new Error("nobody there")));
  const thrown = assertRejects(() => running, Error, "nobody there");
  await clock.settle();
  await thrown;
  assertEquals([drawn.lines, drawn.isAlternate, seen.isRaw, seen.resizes.size], [[], false, false, 0]);
});

Deno.test("a fault of drawing gives the terminal back and is thrown, whether a report or a key met it", async () => {
  const broken = { ...aReport(), log: undefined } as unknown as Report;
  const first = somebody(() => Promise.resolve(broken));
  const thrown = assertRejects(() => first.running, TypeError);
  await first.clock.settle();
  await thrown;
  assertEquals([first.drawn.isAlternate, first.seen.isRaw, first.clock.pendingTimers], [false, false, 0]);

  const report = { ...aReport() };
  const second = somebody(() => Promise.resolve(report));
  await second.clock.settle();
  Object.assign(report, { log: undefined });
  const met = assertRejects(() => second.running, TypeError);
  await second.type("j");
  await met;
  assertEquals([second.drawn.isAlternate, second.seen.isRaw, second.clock.pendingTimers], [false, false, 0]);
});

Deno.test("a keyboard that fails ends it quietly", async () => {
  const { clock, drawn, running, fail } = somebody(() => Promise.resolve(aReport()));
  await clock.settle();
  fail(new Error("input/output error"));
  await running;
  assertEquals(drawn.isAlternate, false);
});
