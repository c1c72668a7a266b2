/** How large the pieces are that a carrier begins with. */
import { assert, assertEquals } from "@std/assert";
import { Pace, SMALL_BYTES } from "../../../../lib/session/carrier/pace.ts";

/** A sender that always has something to send, and each piece of which arrives a round trip later. */
class Sender {
  readonly pace: Pace;
  /** Sizes of the pieces, a row for each round trip. */
  readonly rounds: number[][] = [];
  #sent = 0;

  constructor(caution: number, readonly mostBytes = 256 * 1024) {
    this.pace = new Pace(0, caution);
  }

  round(nowMs: number): number[] {
    const acknowledged = this.#sent;
    const pieces: number[] = [];
    for (;;) {
      const inFlight = this.#sent - acknowledged;
      const bytes = Math.min(this.pace.room(nowMs, inFlight), this.mostBytes - inFlight);
      if (bytes === 0) break;
      this.pace.sent(nowMs, this.#sent, bytes);
      this.#sent += bytes;
      pieces.push(bytes);
    }
    this.pace.acknowledged(this.#sent, this.#sent - acknowledged);
    this.rounds.push(pieces);
    return pieces;
  }
}

/** A carrier at whose beginning a large piece was sent, and nothing acknowledged. */
function swallowing(caution: number): Pace {
  const pace = new Pace(0, caution);
  pace.sent(0, 0, 2 * SMALL_BYTES);
  return pace;
}

Deno.test("a carrier without caution has no limit, nor has one behind it that brought something large", () => {
  const sender = new Sender(0);
  assertEquals(sender.round(0), [sender.mostBytes]);
  assertEquals(sender.pace.lesson(10_000), 0);
});

Deno.test("behind a large piece that was swallowed the next carrier has one small piece under way", () => {
  assertEquals(swallowing(0).lesson(3_000), 1);
  const pace = new Pace(0, 1);
  assertEquals([0, 1, SMALL_BYTES].map((inFlight) => pace.room(0, inFlight)), [SMALL_BYTES, SMALL_BYTES - 1, 0]);
});

Deno.test("on a path that carries everything there is no limit any more after four round trips", () => {
  const sender = new Sender(1);
  for (let round = 0; !sender.pace.isFree; round++) sender.round(round * 10);
  const small = (count: number) => Array<number>(count).fill(SMALL_BYTES);
  assertEquals(sender.rounds, [small(1), small(2), small(4), [16 * SMALL_BYTES]]);
  assertEquals(sender.pace.lesson(10_000), 0, "and the next carrier begins as usual");
});

Deno.test("a large piece is tried beside small ones that are under way", () => {
  const pace = new Pace(0, 1);
  pace.acknowledged(8 * SMALL_BYTES, 8 * SMALL_BYTES);
  assertEquals(pace.room(0, 8 * SMALL_BYTES), 8 * SMALL_BYTES);
  pace.sent(0, 16 * SMALL_BYTES, 8 * SMALL_BYTES);
  pace.acknowledged(16 * SMALL_BYTES, 8 * SMALL_BYTES);
  assert(!pace.isFree, "what was acknowledged is small");
  pace.acknowledged(16 * SMALL_BYTES + 1, 1);
  assert(pace.isFree);
});

Deno.test("where small pieces arrived and a large one did not, the next carrier keeps to small ones for a minute", () => {
  const tried = new Pace(0, 1);
  tried.acknowledged(8 * SMALL_BYTES, 8 * SMALL_BYTES);
  tried.sent(0, 8 * SMALL_BYTES, 8 * SMALL_BYTES);
  const caution = tried.lesson(6_000);
  assertEquals(caution, 2);
  const sender = new Sender(caution);
  for (let ms = 0; ms < 60_000; ms += 100) assert(sender.round(ms).every((bytes) => bytes <= SMALL_BYTES));
  assertEquals(sender.rounds.at(-1)?.length, 8, "several at a time");
  assertEquals(sender.round(60_000), [16 * SMALL_BYTES], "then it tries again");
  assertEquals(sender.pace.lesson(60_100), 0);
});

Deno.test("each large piece that is swallowed doubles the time without another, up to eight minutes", () => {
  const heldMs = [2, 3, 4, 5].map((caution) => {
    const pace = new Pace(0, caution);
    pace.acknowledged(8 * SMALL_BYTES, 8 * SMALL_BYTES);
    for (let ms = 0;; ms += 60_000) if (pace.room(ms, 0) > SMALL_BYTES) return ms / 60_000;
  });
  assertEquals(heldMs, [1, 2, 4, 8]);
  assertEquals([4, 5].map((caution) => swallowing(caution).lesson(3_000)), [5, 5]);
});

Deno.test("who was cut off soon, or sent nothing large, has learned nothing", () => {
  for (const caution of [0, 1, 2]) {
    assertEquals(swallowing(caution).lesson(500), caution);
    const pace = new Pace(0, caution);
    pace.sent(0, 0, SMALL_BYTES);
    assertEquals(pace.lesson(60_000), caution);
  }
});
