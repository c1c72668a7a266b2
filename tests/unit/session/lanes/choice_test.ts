/** A chunk goes where it would be first; who declines is asked again. */
import { assert, assertEquals } from "@std/assert";
import { Arrival } from "../../../../lib/session/lanes/arrival.ts";
import { type Candidate, Choice, type Chunk } from "../../../../lib/session/lanes/choice.ts";
import { FakeClock } from "../../../support/fake_clock.ts";

const CHUNK = chunkOf(100_000);

/** A chunk that waits; the peer takes much behind it. */
function chunkOf(bytes: number, creditBytes = Infinity): Chunk {
  return { bytes, creditBytes };
}

/** A carrier that is in use and was measured. */
function carrier(clock: FakeClock, inFlight: number, rateBytesPerMs: number, lowestRoundTripMs: number): Candidate {
  const arrival = new Arrival();
  arrival.sent(clock.now());
  arrival.inMs({ inFlight: 1, rateBytesPerMs: 0.001, lowestRoundTripMs: 1, roundTripMs: 1 }, 1, clock.now());
  const load = {
    inFlight,
    rateBytesPerMs,
    lowestRoundTripMs,
    roundTripMs: 65_536 / rateBytesPerMs + lowestRoundTripMs,
  };
  return { load, arrival, isStill: false, path: `${inFlight} ${rateBytesPerMs}`, hasRoom: true };
}

function world() {
  const clock = new FakeClock();
  let asked = 0;
  const choice = new Choice({ clock, onAskAgain: () => asked++ });
  return { clock, choice, asked: () => asked };
}

Deno.test("the carrier on which it would be there first takes it, the other does not", () => {
  const { clock, choice } = world();
  const quick = carrier(clock, 400_000, 10_000, 20);
  const slow = carrier(clock, 0, 1_000, 40);
  assert(choice.takes(quick, [slow], CHUNK), "50 + 10 ms, not 100 + 20");
  assert(!choice.takes(slow, [quick], CHUNK), "and does not wait for it either");
});

Deno.test("when the quicker one has so much in flight that the other would be first, that one takes it", () => {
  const { clock, choice } = world();
  const quick = carrier(clock, 1_200_000, 10_000, 20);
  const slow = carrier(clock, 0, 1_000, 40);
  assert(!choice.takes(quick, [slow], CHUNK), "130 + 10 ms");
  assert(choice.takes(slow, [quick], CHUNK), "100 + 20 ms");
});

Deno.test("a carrier with a long round trip is passed over for small chunks, not for a long backlog", () => {
  const { clock, choice } = world();
  const near = carrier(clock, 100_000, 1_000, 10);
  const far = carrier(clock, 0, 10_000, 400);
  assert(!choice.takes(far, [near], chunkOf(10_000)), "1 + 200 ms, not 110 + 5");
  assert(choice.takes(far, [{ ...near, load: { ...near.load, inFlight: 300_000 } }], chunkOf(10_000)));
});

Deno.test("of two that are alike the one that asks takes it", () => {
  const { clock, choice } = world();
  const [one, other] = [carrier(clock, 5_000, 100, 10), carrier(clock, 5_000, 100, 10)];
  assert(choice.takes(one, [other], chunkOf(1_000)) && choice.takes(other, [one], chunkOf(1_000)));
});

Deno.test("with nothing in flight anywhere the first that asks takes it", () => {
  const { clock, choice } = world();
  const slow = carrier(clock, 0, 1, 500);
  assert(choice.takes(slow, [carrier(clock, 0, 1_000, 1)], CHUNK));
  assert(!choice.takes(slow, [carrier(clock, 1, 1_000, 1)], CHUNK));
});

Deno.test("nobody waits for a carrier that stands still", () => {
  const { clock, choice } = world();
  const still = { ...carrier(clock, 1, 1_000_000, 1), isStill: true };
  assert(choice.takes(carrier(clock, 0, 1, 500), [still], CHUNK));
});

Deno.test("one that stands still takes nothing while another path works, and on the same path as ever", () => {
  const { clock, choice, asked } = world();
  const idle = { ...carrier(clock, 0, 1_000_000, 1), path: "a", isStill: true };
  const busy = { ...carrier(clock, 500_000, 100, 100), path: "b" };
  assert(!choice.takes(idle, [busy], CHUNK));
  choice.changed();
  assertEquals(asked(), 1, "it is asked again");
  assert(choice.takes(idle, [{ ...busy, isStill: true }], CHUNK), "no path works");
  assert(choice.takes(idle, [{ ...busy, path: "a" }], CHUNK));
  choice.stop();
});

Deno.test("on the same path nobody waits for a carrier without room, on another one does", () => {
  const { clock, choice } = world();
  const quick = { ...carrier(clock, 4_000_000, 40_000, 100), path: "a", hasRoom: false };
  const fresh = { ...carrier(clock, 1, 300, 100), path: "a" };
  assert(choice.takes(fresh, [quick], chunkOf(65_536)));
  assert(!choice.takes(fresh, [{ ...quick, hasRoom: true }], chunkOf(65_536)));
  assert(!choice.takes(fresh, [{ ...quick, path: "b" }], chunkOf(65_536)));
});

Deno.test("one that brings it late takes nothing while the others would use up the credit, room or not", () => {
  const { clock, choice } = world();
  const quick = { ...carrier(clock, 4_000_000, 40_000, 100), path: "a", hasRoom: false };
  const slow = { ...carrier(clock, 200_000, 1_000, 100), path: "a" };
  // It would be there behind 315 ms, not 152: the other brings 6.5 MB meanwhile.
  assert(choice.takes(slow, [quick], chunkOf(65_536, 7_000_000)));
  assert(!choice.takes(slow, [quick], chunkOf(65_536, 6_000_000)));
  assert(!choice.takes(slow, [quick, quick], chunkOf(65_536, 7_000_000)), "two bring twice as much");
  assert(choice.takes({ ...slow, load: { ...slow.load, inFlight: 80_000 } }, [quick], chunkOf(65_536, 2_000_000)));
  assert(choice.takes(quick, [slow], chunkOf(65_536, 0)), "nobody is quicker");
});

Deno.test("nobody leaves the credit to a carrier that stands still, or that something else holds up", () => {
  const { clock, choice } = world();
  const quick = { ...carrier(clock, 4_000_000, 40_000, 100), path: "a", hasRoom: false };
  const slow = { ...carrier(clock, 200_000, 1_000, 100), path: "a" };
  assert(choice.takes(slow, [{ ...quick, isStill: true }], chunkOf(65_536, 0)));
  assert(choice.takes(slow, [{ ...quick, load: { ...quick.load, inFlight: 8_192 } }], chunkOf(65_536, 0)));
});

Deno.test("one that declines is asked again behind 10 ms, and at every change before; nobody else ever is", async () => {
  const { clock, choice, asked } = world();
  const [quick, slow] = [carrier(clock, 1, 1_000, 1), carrier(clock, 0, 1, 500)];
  choice.changed();
  assert(choice.takes(quick, [slow], CHUNK));
  await clock.advance(1_000);
  assertEquals([asked(), clock.pendingTimers], [0, 0], "no tick runs when nothing waits");
  assert(!choice.takes(slow, [quick], CHUNK));
  assert(!choice.takes(slow, [quick], CHUNK));
  await clock.advance(9);
  assertEquals(asked(), 0);
  await clock.advance(1);
  assertEquals(asked(), 1);
  choice.changed();
  await clock.advance(1_000);
  assertEquals(asked(), 1);
  choice.takes(slow, [quick], CHUNK);
  choice.changed();
  assertEquals(asked(), 2);
});

Deno.test("when the session ends no tick is left", async () => {
  const { clock, choice, asked } = world();
  choice.takes(carrier(clock, 0, 1, 500), [carrier(clock, 1, 1_000, 1)], CHUNK);
  choice.stop();
  await clock.advance(100);
  assertEquals([asked(), clock.pendingTimers], [0, 0]);
});
