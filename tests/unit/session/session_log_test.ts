/** The lines about sessions: bounded for each kind of event, whatever clients do. */
import { assertEquals } from "@std/assert";
import type { LogFields } from "../../../lib/net/log.ts";
import type { Session } from "../../../lib/session/session.ts";
import { SessionEntry } from "../../../lib/session/session_entry.ts";
import { SessionLog } from "../../../lib/session/session_log.ts";
import { FakeClock } from "../../support/fake_clock.ts";

function setUp() {
  const clock = new FakeClock();
  const lines: { message: string; fields?: LogFields }[] = [];
  const log = new SessionLog(
    clock,
    (level, message, fields) => lines.push({ message: `${level}: ${message}`, fields }),
  );
  return { clock, lines, log };
}

function entryFrom(host: string): SessionEntry {
  const claim = { name: undefined, salt: new Uint8Array(0) };
  return new SessionEntry({ name: "0badcafe" } as Session, { identity: undefined, claim, host });
}

Deno.test("a line says of which session, in words and for a machine", () => {
  const { lines, log } = setUp();
  log.tell("began", "info", entryFrom("192.0.2.1"), "began, from 192.0.2.1:7", { peer: "192.0.2.1:7" });
  assertEquals(lines, [{
    message: "info: session 0badcafe began, from 192.0.2.1:7",
    fields: { session: "0badcafe", peer: "192.0.2.1:7" },
  }]);
  log.stop();
});

Deno.test("of one host 20 lines of a kind are told in a minute, the rest is counted", async () => {
  const { clock, lines, log } = setUp();
  for (let i = 0; i < 50; i++) log.tell("ended", "info", entryFrom("192.0.2.1"), "ended");
  assertEquals(lines.length, 20);
  // Another kind and another host have room of their own.
  log.tell("began", "info", entryFrom("192.0.2.1"), "began");
  log.tell("ended", "info", entryFrom("192.0.2.2"), "ended");
  assertEquals(lines.length, 22);
  await clock.advance(60_000);
  assertEquals(lines.slice(22).map(({ message }) => message), ["warn: 30 more sessions ended in the last minute"]);
  log.stop();
});

Deno.test("of all hosts 100 lines of a kind are told in a minute", () => {
  const { lines, log } = setUp();
  for (let i = 0; i < 150; i++) log.tell("lost", "warn", entryFrom(`198.51.100.${i}`), "lost its link: cut");
  assertEquals(lines.length, 100);
  log.stop();
  assertEquals(lines.slice(100).map(({ message }) => message), [
    "warn: 50 more sessions lost their link in the last minute",
  ]);
});
