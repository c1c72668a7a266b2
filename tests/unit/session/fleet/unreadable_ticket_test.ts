/** What is told of tickets that no key opens. */
import { assertEquals, assertStringIncludes } from "@std/assert";
import { LineLimiter } from "../../../../lib/net/line_limiter.ts";
import { tellUnreadable } from "../../../../lib/session/fleet/unreadable_ticket.ts";
import { FakeClock } from "../../../support/fake_clock.ts";

Deno.test("many carriers with tickets of another key are one line, and their number a minute later", async () => {
  const clock = new FakeClock();
  const log: string[] = [];
  const lines = new LineLimiter(clock, (level, words) => void log.push(`${level} ${words}`));
  for (const peer of ["192.0.2.9:50000", "192.0.2.9:50001", undefined]) tellUnreadable(lines, peer);
  assertEquals(log.length, 1);
  assertStringIncludes(log[0]!, "warn a carrier has the ticket of a key that this server does not have");
  await clock.advance(60_000);
  assertEquals(log.length, 2);
  assertStringIncludes(log[1]!, "2 more carriers came with such tickets");
  lines.stop();
});
