/** A connection that is to end leaves its last word time to arrive, and no more than that. */
import { assertEquals, assertRejects } from "@std/assert";
import { closeBehindLastWord } from "../../../lib/net/last_word.ts";
import { duplexPair } from "../../../lib/net/pipe.ts";
import { FakeClock, settle } from "../../support/fake_clock.ts";

Deno.test("it half-closes, reads until the peer closes too, and leaves no timer", async () => {
  const [near, far] = duplexPair();
  const clock = new FakeClock();
  let isOver = false;
  const closing = closeBehindLastWord(near, clock, 1_000).then(() => isOver = true);
  assertEquals(await far.read(new Uint8Array(1)), null, "the end is told at once");
  await far.write(new Uint8Array(100_000));
  await settle();
  assertEquals(isOver, false, "the peer has not closed");
  await far.closeWrite();
  await closing;
  assertEquals(clock.pendingTimers, 0);
  await assertRejects(() => near.read(new Uint8Array(1)));
});

Deno.test("a peer that stays is given its time and no more", async () => {
  const [near, far] = duplexPair();
  const clock = new FakeClock();
  let isOver = false;
  const closing = closeBehindLastWord(near, clock, 1_000).then(() => isOver = true);
  await clock.advance(999);
  assertEquals(isOver, false);
  await clock.advance(1);
  await closing;
  await assertRejects(() => far.write(new Uint8Array(1)));
});

Deno.test("a peer that resets ends it without an error", async () => {
  const [near, far] = duplexPair();
  const clock = new FakeClock();
  const closing = closeBehindLastWord(near, clock, 1_000);
  far.abort(new Error("reset"));
  await closing;
  assertEquals(clock.pendingTimers, 0);
});
