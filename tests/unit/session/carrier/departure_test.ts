/** A carrier stays for its goodbye to arrive, and behind a failed write for what still waits to be read. */
import { assertEquals } from "@std/assert";
import { Departure } from "../../../../lib/session/carrier/departure.ts";
import { FakeClock } from "../../../support/fake_clock.ts";

const NOTHING_KNOWN = { bytes: 0, rate: 0, roundTripMs: 0 };

/** A departure that writes down when it ends. */
function setUp() {
  const clock = new FakeClock({ nowMs: 0 });
  const ends: string[] = [];
  const departure = new Departure({
    clock,
    onLost: (reason) => void ends.push(`lost at ${clock.now()}: ${reason}`),
  });
  return { clock, ends, departure };
}

Deno.test("a peer that does not close is waited for as long as its farewell says, and longer when it is heard", async () => {
  const { clock, ends, departure } = setUp();
  assertEquals(departure.hasBegun, false);
  departure.heard(); // says nothing before the goodbye
  departure.begin(NOTHING_KNOWN);
  assertEquals(departure.hasBegun, true);
  await clock.advance(400);
  departure.heard();
  await clock.advance(499);
  assertEquals(ends, []);
  await clock.advance(1);
  assertEquals([ends, clock.pendingTimers], [["lost at 900: the other side did not close the connection in time"], 0]);
});

Deno.test("who is heard all the time is given up all the same", async () => {
  const { clock, ends, departure } = setUp();
  departure.begin(NOTHING_KNOWN);
  for (let at = 0; at < 400; at++) {
    departure.heard();
    await clock.advance(100);
  }
  assertEquals(ends, ["lost at 30000: the other side did not close the connection in time"]);
});

Deno.test("who acknowledges what is in front is waited for longer than who is only heard", async () => {
  const { clock, ends, departure } = setUp();
  departure.progressed(); // says nothing before the goodbye
  departure.begin(NOTHING_KNOWN);
  for (let at = 0; at < 100; at++) {
    await clock.advance(400);
    departure.progressed();
  }
  assertEquals(ends, []);
  await clock.advance(500);
  assertEquals(ends, ["lost at 40500: the other side did not close the connection in time"]);
});

Deno.test("behind a failed write reading goes on for a moment, and then its reason is told", async () => {
  const { clock, ends, departure } = setUp();
  departure.writeFailed(new Error("broken pipe"));
  await clock.advance(49);
  assertEquals(ends, []);
  await clock.advance(1);
  assertEquals(ends, ["lost at 50: broken pipe"]);
});

Deno.test("a carrier that is gone is told nothing any more", async () => {
  const { clock, ends, departure } = setUp();
  departure.begin(NOTHING_KNOWN);
  departure.writeFailed(new Error("broken pipe"));
  departure.cancel();
  assertEquals(clock.pendingTimers, 0);
  await clock.advance(60_000);
  assertEquals(ends, []);
});

Deno.test("behind leaves of both ends the carrier is gone when both directions have ended, in either order", () => {
  for (const isPeerFirst of [true, false]) {
    const { ends, departure } = setUp();
    departure.peerLeft(() => void ends.push("answered"));
    if (isPeerFirst) departure.peerEnded();
    else departure.halfEnded();
    assertEquals(ends, ["answered"]);
    if (isPeerFirst) departure.halfEnded();
    else departure.peerEnded();
    assertEquals(ends.at(-1), "lost at 0: both sides have left the connection");
  }
});

Deno.test("an end without a leave is a loss", () => {
  const { ends, departure } = setUp();
  departure.peerEnded();
  assertEquals(ends, ["lost at 0: the other side closed the connection"]);
});

Deno.test("one that waits for long ends soon when the peer was told elsewhere, and only a close behind a goodbye tells", async () => {
  const { clock, ends, departure } = setUp();
  departure.toldElsewhere();
  departure.begin({ bytes: 10_000_000, rate: 100, roundTripMs: 100 });
  assertEquals(departure.isTold, false);
  departure.toldElsewhere();
  await clock.advance(60_000);
  assertEquals(ends, ["lost at 500: the other side did not close the connection in time"]);
  const other = setUp();
  other.departure.begin({ bytes: 0, rate: 0, roundTripMs: 0 });
  other.departure.peerEnded();
  assertEquals(other.departure.isTold, true);
  other.departure.cancel();
  const lost = setUp();
  lost.departure.peerEnded();
  assertEquals(lost.departure.isTold, false);
});
