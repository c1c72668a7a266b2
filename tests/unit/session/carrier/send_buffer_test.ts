/** What writes that had to wait tell of the system's send buffer, and what they do not. */
import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { SendBuffer } from "../../../../lib/session/carrier/send_buffer.ts";

const KIB = 1024;
const MIB = 1024 * KIB;

/** A buffer that was found full twice, with so much in flight. */
function full(inFlight: number, nowMs = 0): SendBuffer {
  const buffer = new SendBuffer();
  for (let times = 0; times < 2; times++) buffer.written({ inFlight, tookMs: 50, nowMs, roundTripMs: 100 });
  return buffer;
}

Deno.test("nothing is limited until a write waits twice with about the same in flight", () => {
  const buffer = new SendBuffer();
  assertEquals(buffer.limit(0, 100), Infinity);
  buffer.written({ inFlight: 4 * MIB, tookMs: 50, nowMs: 0, roundTripMs: 100 });
  assertEquals(buffer.limit(0, 100), Infinity);
  buffer.written({ inFlight: 3.9 * MIB, tookMs: 50, nowMs: 100, roundTripMs: 100 });
  assertEquals(buffer.limit(100, 100), Math.floor(3.9 * MIB));
});

Deno.test("while the buffer grows, as it does with the path's window, it is no limit", () => {
  const buffer = new SendBuffer();
  for (let inFlight = 128 * KIB, nowMs = 0; inFlight <= 4 * MIB; inFlight *= 2, nowMs += 100) {
    buffer.written({ inFlight, tookMs: 20, nowMs, roundTripMs: 100 });
    assertEquals(buffer.limit(nowMs, 100), Infinity);
  }
});

Deno.test("quick writes, short paths and little in flight tell nothing", () => {
  for (
    const told of [{ tookMs: 12 }, { tookMs: 100, roundTripMs: 1_000 }, { roundTripMs: 5 }, { roundTripMs: 0 }, {
      inFlight: 32 * KIB,
    }, { inFlight: -14 }]
  ) {
    const buffer = new SendBuffer();
    const write = { inFlight: 4 * MIB, tookMs: 50, nowMs: 0, roundTripMs: 100, ...told };
    for (let times = 0; times < 3; times++) buffer.written(write);
    assertEquals(buffer.limit(0, write.roundTripMs), Infinity, JSON.stringify(told));
  }
});

Deno.test("a wait with much less in flight has another reason", () => {
  const buffer = full(4 * MIB);
  buffer.written({ inFlight: 2 * MIB, tookMs: 50, nowMs: 0, roundTripMs: 100 });
  assertEquals(buffer.limit(0, 100), 4 * MIB);
});

Deno.test("the limit rises slowly, since the buffer may have grown, and after a quarter it is none", () => {
  const buffer = full(4 * MIB);
  assertEquals(buffer.limit(800, 100), 4 * MIB + 256 * KIB); // eight round trips
  assertEquals(buffer.limit(3_200, 100), 5 * MIB);
  assertEquals(buffer.limit(3_300, 100), Infinity);
  assertEquals(buffer.limit(0, 100), Infinity, "it stays none");
});

Deno.test("a write that waits again sets the limit anew", () => {
  const buffer = full(4 * MIB);
  buffer.written({ inFlight: 4.1 * MIB, tookMs: 50, nowMs: 1_000, roundTripMs: 100 });
  assertEquals(buffer.limit(1_000, 100), Math.floor(4.1 * MIB));
});

Deno.test("whatever it is told, the limit is a whole number that lets something be sent (fuzz)", () => {
  const write = fc.record({
    inFlight: fc.integer({ min: -100, max: 64 * MIB }),
    tookMs: fc.double({ min: 0, max: 1e6, noNaN: true }),
    passedMs: fc.double({ min: 0, max: 1e5, noNaN: true }),
    roundTripMs: fc.double({ min: 0, max: 5_000, noNaN: true }),
  });
  fc.assert(fc.property(fc.array(write), (writes) => {
    const buffer = new SendBuffer();
    let nowMs = 0;
    for (const { inFlight, tookMs, passedMs, roundTripMs } of writes) {
      nowMs += passedMs;
      buffer.written({ inFlight, tookMs, nowMs, roundTripMs });
      const limit = buffer.limit(nowMs, roundTripMs);
      assert(limit === Infinity || (Number.isInteger(limit) && limit >= 64 * KIB), `${limit}`);
    }
  }));
});
