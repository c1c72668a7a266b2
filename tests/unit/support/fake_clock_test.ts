/** A clock that tests turn, and what it refuses. */
import { assert, assertEquals, assertRejects } from "@std/assert";
import { sleep } from "../../../lib/net/clock.ts";
import { FakeClock } from "../../support/fake_clock.ts";

Deno.test("FakeClock fires timers in order of time, then of setting", async () => {
  const clock = new FakeClock({ nowMs: 0 });
  const fired: string[] = [];
  const at = (name: string, ms: number) => clock.setTimer(() => fired.push(`${name}@${clock.now()}`), ms);
  at("c", 30);
  at("a", 10);
  at("b1", 20);
  at("b2", 20);
  at("gone", 15).cancel();
  await clock.advance(20);
  assertEquals(fired, ["a@10", "b1@20", "b2@20"]);
  assertEquals([clock.now(), clock.pendingTimers, clock.nextDueMs], [20, 1, 30]);
  await clock.advance(100);
  assertEquals(fired.length, 4);
});

Deno.test("FakeClock lets promise chains and WebCrypto finish between timers", async () => {
  const clock = new FakeClock({ nowMs: 0 });
  const seen: string[] = [];
  const work = async (name: string) => {
    for (let i = 0; i < 20; i++) await crypto.subtle.digest("SHA-256", new Uint8Array(1000));
    const keys = await crypto.subtle.generateKey("Ed25519", false, ["sign", "verify"]) as CryptoKeyPair;
    await crypto.subtle.sign("Ed25519", keys.privateKey, new Uint8Array(10));
    seen.push(`${name}@${clock.now()}`);
    clock.setTimer(() => seen.push(`${name}'@${clock.now()}`), 5);
  };
  clock.setTimer(() => void work("a"), 10);
  clock.setTimer(() => void work("b"), 11);
  await clock.advance(20);
  assertEquals(seen, ["a@10", "b@11", "a'@15", "b'@16"]);
});

Deno.test("FakeClock runs a week of timers in moments", async () => {
  const clock = new FakeClock();
  let beats = 0;
  const beating = (async () => {
    while (beats < 7 * 24 * 60) {
      await sleep(clock, 60_000);
      beats++;
    }
  })();
  await clock.advance(7 * 24 * 3600_000);
  await beating;
  assertEquals(beats, 7 * 24 * 60);
});

Deno.test("FakeClock sleeps, stalls, and refuses delays that a real timer cannot take", async () => {
  const clock = new FakeClock({ nowMs: 0, wallMs: 1_000_000 });
  const fired: number[] = [];
  clock.setTimer(() => fired.push(clock.now()), 100);
  clock.setTimer(() => fired.push(clock.now()), 200);
  clock.jumpWall(5_000);
  assertEquals([clock.now(), clock.wallNow()], [0, 1_005_000]);
  await clock.stall(1_000);
  assertEquals(fired, [1_000, 1_000]);
  assertEquals([clock.now(), clock.wallNow()], [1_000, 1_006_000]);
  let thrown: unknown;
  try {
    clock.setTimer(() => {}, 30 * 24 * 3600_000);
  } catch (error) {
    thrown = error;
  }
  assert(thrown instanceof RangeError);
});

Deno.test("FakeClock.advanceUntil stops at the condition, and says when it cannot come", async () => {
  const clock = new FakeClock({ nowMs: 0 });
  let ready = false;
  clock.setTimer(() => ready = true, 40);
  clock.setTimer(() => {}, 900);
  await clock.advanceUntil(() => ready, 1_000);
  assertEquals(clock.now(), 40);
  await assertRejects(() => clock.advanceUntil(() => false, 100), Error, "not within 100 ms");
  await assertRejects(() => clock.advanceUntil(() => false, 5_000), Error, "nothing is left");
});
