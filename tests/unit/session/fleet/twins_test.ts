/** Tickets of another server that has the same node. */
import { assertEquals } from "@std/assert";
import { LineLimiter } from "../../../../lib/net/line_limiter.ts";
import { Twins } from "../../../../lib/session/fleet/twins.ts";
import { TICKET_LIFE_MS } from "../../../../lib/session/session_constants.ts";
import { FakeClock } from "../../../support/fake_clock.ts";

Deno.test("a ticket from more than a minute behind the start of a process is of a server beside it, told once", async () => {
  const clock = new FakeClock();
  const log: string[] = [];
  const twins = new Twins(clock, new LineLimiter(clock, (level, words) => void log.push(`${level} ${words}`)));
  const startedAt = clock.wallNow();
  const madeAt = (ms: number) => twins.made({ node: "10.0.0.1:40301", untilMs: startedAt + ms + TICKET_LIFE_MS });
  await clock.advance(3_600_000);
  assertEquals([madeAt(-1_000_000), madeAt(0), madeAt(60_000), log.length], [false, false, false, 0]);
  assertEquals([madeAt(60_001), madeAt(3_600_000)], [true, true]);
  assertEquals(log, [
    "error another server of the fleet has the node 10.0.0.1:40301 too: each needs an address of its own, at which " +
    "the others reach no other",
  ]);
});

Deno.test("a clock that is set behind the start of a process makes no twin of the one before it", async () => {
  const clock = new FakeClock();
  let wallMs = 0;
  const unset = { now: () => clock.now(), wallNow: () => wallMs, setTimer: clock.setTimer.bind(clock) };
  const twins = new Twins(unset, new LineLimiter(clock, () => {}));
  await clock.advance(10_000);
  wallMs = 1_800_000_000_000;
  assertEquals(twins.made({ node: "n", untilMs: wallMs - 15_000 + TICKET_LIFE_MS }), false);
});
