/** How long a stream may be: by its credit, and by what its end and reset told, in whatever order they come. */
import { assert, assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { FinalOffset } from "../../../lib/mux/final_offset.ts";
import { TeleError } from "../../../lib/net/error.ts";

const SEED = 13;
const GRANTED = 100;

/** Asserts that `act` ends the session with a sentence that has `words` in it. */
function assertBroken(act: () => void, words: string): void {
  assertEquals(assertThrows(act, TeleError, words).code, "protocol");
}

Deno.test("data may come up to the credit, again and in any order, and not beyond it", () => {
  const final = new FinalOffset();
  final.checkData(90, 10, GRANTED);
  final.checkData(0, 50, GRANTED);
  final.checkData(90, 10, GRANTED);
  assertBroken(() => final.checkData(91, 10, GRANTED), "up to 101 on a stream with credit up to 100");
  assertBroken(() => final.checkData(2 ** 53 - 1, 2 ** 19, GRANTED), "credit up to 100");
  final.checkData(91, 10, GRANTED + 1);
  assert(!final.isKnown);
});

Deno.test("data without bytes is held to the same", () => {
  const final = new FinalOffset();
  final.checkData(GRANTED, 0, GRANTED);
  assertBroken(() => final.checkData(GRANTED + 1, 0, GRANTED), "credit");
});

Deno.test("a stream is at its end when all in front of it was received", () => {
  const final = new FinalOffset();
  final.checkData(0, 10, GRANTED);
  assert(!final.isAt(10), "nobody has said that this was all");
  final.end(20, GRANTED);
  assertEquals([final.isKnown, final.isAt(10), final.isAt(20)], [true, false, true]);
});

Deno.test("a stream of no bytes may end", () => {
  const final = new FinalOffset();
  final.end(0, 0);
  assert(final.isAt(0));
});

Deno.test("an end comes again, or with a reset, at the same offset and at no other", () => {
  const final = new FinalOffset();
  final.end(20, GRANTED);
  final.end(20, GRANTED);
  for (const offset of [19, 21]) assertBroken(() => final.end(offset, GRANTED), `at 20, and then at ${offset}`);
  assert(final.isAt(20));
});

Deno.test("nothing comes behind the end, whichever comes first", () => {
  const data = new FinalOffset();
  data.checkData(15, 6, GRANTED);
  assertBroken(() => data.end(20, GRANTED), "ended a stream at 20, and had sent data up to 21");
  const end = new FinalOffset();
  end.end(20, GRANTED);
  end.checkData(0, 20, GRANTED);
  assertBroken(() => end.checkData(15, 6, GRANTED), "up to 21 on a stream that it ended at 20");
});

Deno.test("an end is not above the credit", () => {
  const final = new FinalOffset();
  assertBroken(() => final.end(GRANTED + 1, GRANTED), "ended a stream at 101, with credit up to 100");
  assert(!final.isKnown);
  final.end(GRANTED, GRANTED);
});

Deno.test("what a peer may say does not depend on the order in which carriers bring it", () => {
  const offset = fc.integer({ min: 0, max: 12 });
  const frame = fc.oneof(
    fc.record({ offset, bytes: fc.integer({ min: 0, max: 4 }) }),
    fc.record({ end: offset }),
  );
  fc.assert(
    fc.property(fc.array(frame, { maxLength: 8, size: "max" }), offset, (frames, granted) => {
      const ends = frames.flatMap((frame) => "end" in frame ? [frame.end] : []);
      const data = frames.flatMap((frame) => "end" in frame ? [] : [frame.offset + frame.bytes]);
      const isRight = new Set(ends).size <= 1 && Math.max(...ends, ...data, 0) <= Math.min(granted, ...ends);
      for (const order of [frames, frames.toReversed()]) {
        const final = new FinalOffset();
        const all = () => {
          for (const frame of order) {
            if ("end" in frame) final.end(frame.end, granted);
            else final.checkData(frame.offset, frame.bytes, granted);
          }
        };
        if (isRight) all();
        else assertThrows(all, TeleError);
      }
    }),
    { seed: SEED, numRuns: 2000 },
  );
});
