/** Which carriers of which paths are quiet, and which take bulk. */
import { assertEquals } from "@std/assert";
import type { Lane } from "../../../../lib/session/handshake/messages.ts";
import { lineUp } from "../../../../lib/session/lanes/line_up.ts";

interface Flags {
  isHeard?: boolean;
  isDoubted?: boolean;
  isStill?: boolean;
  roundTripMs?: number;
}

/** A carrier of a path whose lowest round trip is that; `wifi` 10 ms, `cable` 20 ms unless told otherwise. */
function attached(number: number, path: string, lane: Lane, flags: Flags = {}) {
  const { roundTripMs = path === "wifi" ? 10 : 20, isHeard = true, isDoubted = false, isStill = false } = flags;
  const flight = { lowestRoundTripMs: roundTripMs };
  return { carrier: { number, path, roundTripMs: 0, room: { flight } }, lane, isHeard, isDoubted, isStill };
}

function numbers(all: ReturnType<typeof attached>[], before?: string): [quiets: number[], takers: number[]] {
  const { quiets, takers } = lineUp(all, before);
  return [quiets.map(({ carrier }) => carrier.number), takers.map(({ carrier }) => carrier.number)];
}

Deno.test("the session's quiet carrier is on the path with the shortest round trip, and each path takes bulk", () => {
  assertEquals(numbers([attached(0, "cable", "quiet"), attached(1, "wifi", "quiet")]), [[1, 0], [0, 1]]);
});

Deno.test("where a path has bulk carriers its quiet one takes none", () => {
  const all = [attached(0, "cable", "bulk"), attached(1, "wifi", "quiet"), attached(2, "cable", "quiet")];
  assertEquals(numbers(all), [[1, 2], [0, 1]]);
});

Deno.test("the quiet carrier stays where it was unless another path is shorter by much", () => {
  const all = (roundTripMs: number) => [attached(0, "cable", "quiet"), attached(1, "wifi", "quiet", { roundTripMs })];
  assertEquals([17, 15].map((ms) => numbers(all(ms), "cable")[0]), [[0, 1], [1, 0]]);
  const close = [attached(0, "cable", "quiet", { roundTripMs: 2 }), attached(1, "wifi", "quiet", { roundTripMs: 1 })];
  assertEquals(numbers(close, "cable")[0], [0, 1]);
  assertEquals(numbers(all(17), "train")[0], [1, 0], "the path before is gone");
});

Deno.test("what stands still is left for another path that does not, and comes back", () => {
  const all = (isStill: boolean) => [attached(0, "wifi", "quiet", { isStill }), attached(1, "cable", "quiet")];
  assertEquals([numbers(all(true), "wifi")[0], numbers(all(false), "cable")[0]], [[1, 0], [0, 1]]);
  const both = [attached(0, "wifi", "quiet", { isStill: true }), attached(1, "cable", "quiet", { isStill: true })];
  assertEquals(numbers(both, "wifi")[0], [0, 1], "another is no better");
});

Deno.test("one in doubt, or that was not heard, is quiet only where there is no other, and takes no bulk", () => {
  const doubted = [attached(0, "wifi", "quiet", { isDoubted: true }), attached(1, "cable", "quiet")];
  assertEquals(numbers(doubted, "wifi"), [[1, 0], [1]]);
  const unheard = [attached(0, "wifi", "quiet", { isHeard: false }), attached(1, "cable", "bulk")];
  assertEquals(numbers(unheard), [[1, 0], [1]]);
  assertEquals(numbers([attached(0, "wifi", "quiet", { isDoubted: true })]), [[0], [0]]);
});

Deno.test("on one path the newest quiet one counts, whether it stands still or not", () => {
  const all = [
    attached(0, "wifi", "quiet"),
    attached(1, "wifi", "quiet", { isStill: true }),
    attached(2, "wifi", "bulk"),
  ];
  assertEquals(numbers(all), [[1], [2]]);
});

Deno.test("nobody is nobody", () => {
  assertEquals(numbers([]), [[], []]);
});
