/** What is remembered of a session that the session itself does not know. */
import { assertEquals } from "@std/assert";
import type { AttachedCarrier } from "../../../../lib/session/carriers.ts";
import type { Session } from "../../../../lib/session/session.ts";
import { SessionRecord } from "../../../../lib/tunnel/status/session_record.ts";
import { iso } from "../../../../lib/tunnel/status/timeline.ts";
import { FakeClock } from "../../../support/fake_clock.ts";

const SESSION = {} as Session;

/** A carrier, as far as a record looks at it. */
function carrier(number: number, { taken = 0, silentMs = 0 } = {}): AttachedCarrier {
  const carrier = { number, taken, silentMs, peer: `192.0.2.1:${number}` };
  return { carrier, lane: "quiet", path: 0, way: "TCP" } as unknown as AttachedCarrier;
}

Deno.test("a session is in an outage until its first carrier, and that counts for none", async () => {
  const clock = new FakeClock();
  const record = new SessionRecord(SESSION, clock);
  record.waits();
  const beganAt = clock.wallNow();
  await clock.advance(5_000);
  assertEquals([record.isUp, record.outages, record.peer, record.stateSinceMs], [false, 0, "", beganAt]);
  assertEquals(record.attached(carrier(0)), undefined);
  assertEquals([record.isUp, record.outages, record.peer], [true, 0, "192.0.2.1:0"]);
  assertEquals(record.timeline.report(clock.wallNow()).map(({ kind, to }) => [kind, to]), [
    ["outage", iso(beganAt + 5_000)],
    ["carrier", null],
  ]);
});

Deno.test("an outage is from the last carrier to the next, and recovery begins with the last byte", async () => {
  const clock = new FakeClock();
  const record = new SessionRecord(SESSION, clock);
  const [first, second] = [carrier(0, { taken: 10, silentMs: 3_000 }), carrier(1, { taken: 5 })];
  record.attached(first);
  record.attached(second);
  await clock.advance(1_000);
  record.gone(second);
  assertEquals([record.isUp, record.outages, record.receivedBytes], [true, 0, 15]);
  record.gone(first);
  assertEquals([record.isUp, record.outages, record.stateSinceMs], [false, 1, clock.wallNow()]);
  await clock.advance(2_000);
  assertEquals(record.attached(carrier(2)), { outageMs: 2_000, recoveryMs: 5_000 });
  assertEquals([record.receivedBytes, record.carriers.map(({ attached }) => attached.carrier.number)], [15, [2]]);
});

Deno.test("a carrier beside others ends no outage, and one that was never attached is not gone", () => {
  const record = new SessionRecord(SESSION, new FakeClock());
  record.attached(carrier(0));
  assertEquals(record.attached(carrier(1)), undefined);
  record.gone(carrier(7));
  assertEquals([record.carriers.length, record.outages], [2, 0]);
});

Deno.test("a client's next session goes on with the history, and in the outage, of the one before", async () => {
  const clock = new FakeClock();
  const before = new SessionRecord(SESSION, clock);
  const only = carrier(0, { taken: 10 });
  before.attached(only);
  before.gone(only);
  const lostAt = clock.wallNow();
  await clock.advance(4_000);
  const after = new SessionRecord(SESSION, clock);
  after.goesOn(before);
  assertEquals([after.stateSinceMs, after.outages, after.peer, after.receivedBytes], [lostAt, 1, before.peer, 0]);
  assertEquals(after.attached(carrier(0)), { outageMs: 4_000, recoveryMs: 4_000 });
  assertEquals(after.timeline.report(clock.wallNow()).map(({ kind }) => kind), ["carrier", "outage", "carrier"]);
});
