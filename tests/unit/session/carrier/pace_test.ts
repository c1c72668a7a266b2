/** How large the pieces are that a carrier begins with. */
import { assert, assertEquals, assertGreater, assertLess } from "@std/assert";
import { type Caution, Pace, PIECE_MS, SMALL_BYTES } from "../../../../lib/session/carrier/pace.ts";

/** What a carrier taught that was lost at 0 ms. */
function caution(level: number): Caution {
  return { level, heldUntilMs: level < 3 ? 0 : 60_000 * 2 ** (level - 3) };
}

/** A sender that always has something to send, and each piece of which arrives 50 ms later. */
class Sender {
  readonly pace: Pace;
  /** Sizes of the pieces, and when they were sent. */
  readonly pieces: { ms: number; bytes: number }[] = [];
  nowMs = 0;
  #sent = 0;
  #acknowledged = 0;
  /** How many pieces have arrived. */
  #arrived = 0;

  constructor(caution: Caution) {
    this.pace = new Pace(caution);
  }

  /** The size of the first piece that fulfils a condition. */
  until(isIt: (bytes: number) => boolean): number {
    for (;; this.nowMs++) {
      let arrived = 0;
      while (this.pieces[this.#arrived]?.ms <= this.nowMs - 50) arrived += this.pieces[this.#arrived++].bytes;
      this.#acknowledged += arrived;
      if (arrived > 0) this.pace.acknowledged(this.#acknowledged, arrived);
      const bytes = Math.min(256 * 1024, this.pace.room(this.nowMs, this.#sent - this.#acknowledged));
      if (bytes === 0) continue;
      this.pace.sent(this.nowMs, this.#sent, bytes);
      this.#sent += bytes;
      this.pieces.push({ ms: this.nowMs, bytes });
      if (isIt(bytes)) return bytes;
    }
  }

  /** Runs until there is no limit. */
  run(): void {
    this.until(() => this.pace.isFree);
  }
}

/** A carrier at whose beginning a large piece was sent, and nothing acknowledged. */
function swallowing(level: number): Pace {
  const pace = new Pace(caution(level));
  pace.sent(0, 0, 2 * SMALL_BYTES);
  return pace;
}

Deno.test("a carrier without caution has no limit, nor has one behind it that brought something large", () => {
  const sender = new Sender(caution(0));
  assertEquals(sender.until(() => true), 256 * 1024);
  sender.pace.acknowledged(1, 1);
  assertEquals(sender.pace.lesson(10_000).level, 0);
});

Deno.test("behind a large piece that was swallowed the next carrier begins with a small one", () => {
  assertEquals(swallowing(0).lesson(3_000).level, 1);
  const pace = new Pace(caution(1));
  assertEquals(pace.room(0, 0), SMALL_BYTES);
  pace.sent(0, 0, SMALL_BYTES);
  assertEquals([0, PIECE_MS - 1, PIECE_MS].map((ms) => pace.room(ms, SMALL_BYTES)), [0, 0, SMALL_BYTES]);
  assertEquals(pace.room(1, 0), SMALL_BYTES, "with nothing under way there is nothing to be joined to");
  assertEquals([7, 7.5, 8, 9].map((small) => pace.room(100, small * SMALL_BYTES)), [
    SMALL_BYTES,
    SMALL_BYTES / 2,
    0,
    0,
  ]);
});

Deno.test("on a path that carries everything there is no limit any more after three round trips", () => {
  for (const level of [1, 2]) {
    const sender = new Sender(caution(level));
    sender.run();
    assertLess(sender.nowMs, 150);
    assertEquals(sender.pace.lesson(10_000).level, 0, "and the next carrier begins as usual");
  }
});

Deno.test("a large piece is tried beside small ones that are under way", () => {
  const pace = new Pace(caution(1));
  pace.acknowledged(4 * SMALL_BYTES, 4 * SMALL_BYTES);
  assertEquals(pace.room(0, 8 * SMALL_BYTES), 8 * SMALL_BYTES);
  pace.sent(0, 12 * SMALL_BYTES, 8 * SMALL_BYTES);
  pace.acknowledged(12 * SMALL_BYTES, 8 * SMALL_BYTES);
  assert(!pace.isFree, "what was acknowledged is small");
  pace.acknowledged(12 * SMALL_BYTES + 1500, 1500);
  assert(!pace.isFree, "so may be what came of the large one");
  pace.acknowledged(12 * SMALL_BYTES + 1501, 1);
  assert(pace.isFree);
});

Deno.test("where small pieces arrived and a large one did not, twice, the next carrier keeps to small ones for a minute", () => {
  let learned = caution(1);
  for (const expected of [2, 3]) {
    const tried = new Pace(learned);
    tried.acknowledged(8 * SMALL_BYTES, 8 * SMALL_BYTES);
    tried.sent(0, 8 * SMALL_BYTES, 8 * SMALL_BYTES);
    learned = tried.lesson(6_000);
    assertEquals(learned.level, expected);
  }
  const sender = new Sender(learned);
  assert(sender.until((bytes) => bytes > SMALL_BYTES) > SMALL_BYTES);
  assertEquals(sender.nowMs, 66_000, "then it tries again");
  assertGreater(sender.pieces.length, 9_000, "eight in each round trip of 50 ms");
  sender.run();
  assertEquals(sender.pace.lesson(66_100).level, 0);
});

Deno.test("each large piece that is swallowed doubles the time without another, up to eight minutes", () => {
  const heldMinutes = [3, 4, 5, 6].map((level) => {
    const pace = new Pace(caution(level));
    pace.acknowledged(8 * SMALL_BYTES, 8 * SMALL_BYTES);
    for (let minutes = 0;; minutes++) if (pace.room(minutes * 60_000, 0) > SMALL_BYTES) return minutes;
  });
  assertEquals(heldMinutes, [1, 2, 4, 8]);
  const heldUntil = (level: number) => swallowing(level).lesson(3_000);
  assertEquals([2, 3, 5, 6].map((level) => heldUntil(level)), [
    { level: 3, heldUntilMs: 63_000 },
    { level: 4, heldUntilMs: 123_000 },
    { level: 6, heldUntilMs: 483_000 },
    { level: 6, heldUntilMs: 483_000 },
  ]);
});

Deno.test("who was cut off soon, or sent nothing large, has learned nothing", () => {
  for (const before of [0, 1, 3].map(caution)) {
    assertEquals(swallowing(before.level).lesson(500), before);
    const pace = new Pace(before);
    pace.sent(0, 0, SMALL_BYTES);
    assertEquals(pace.lesson(60_000), before);
  }
});

Deno.test("a path that carries everything again is found so though no carrier there lives for long", () => {
  let [learned, carriers] = [caution(3), 0];
  for (let nowMs = 0;; nowMs += 15_000, carriers++) {
    const pace = new Pace(learned);
    pace.acknowledged(8 * SMALL_BYTES, 8 * SMALL_BYTES);
    const bytes = pace.room(nowMs + 200, 0);
    pace.sent(nowMs + 200, 8 * SMALL_BYTES, bytes);
    pace.acknowledged(8 * SMALL_BYTES + bytes, bytes);
    learned = pace.lesson(nowMs + 15_000);
    if (learned.level === 0) break;
    assertLess(carriers, 10);
  }
  assertEquals(carriers, 4, "each of 15 s, so behind a minute");
});

Deno.test("a piece that is hardly larger than a small one proves nothing, and is not held against the path either", () => {
  const pace = new Pace(caution(2));
  pace.sent(0, 0, SMALL_BYTES + 200);
  pace.acknowledged(SMALL_BYTES + 200, SMALL_BYTES + 200);
  assert(!pace.isFree, "it fits into packets of 1300 bytes, as no whole one does");
  assertEquals(pace.lesson(10_000), caution(2));
  pace.sent(10_000, SMALL_BYTES + 200, 4 * SMALL_BYTES);
  assertEquals(pace.lesson(13_000).level, 3, "that one was swallowed");
  pace.acknowledged(5 * SMALL_BYTES, 4 * SMALL_BYTES - 200);
  assert(pace.isFree, "and this came in whole packets");
});
