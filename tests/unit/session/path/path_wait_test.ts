/** What a path's carriers wait behind: all that any of them has there, and the longest answer. */
import { assertEquals } from "@std/assert";
import { PathBound } from "../../../../lib/session/path/path_bound.ts";
import { PathWait } from "../../../../lib/session/path/path_wait.ts";

Deno.test("what is under way on all carriers of a path stands in one queue, in doubt or not", () => {
  const path = new PathBound();
  const [bulk, quiet] = [path.join(), path.join()];
  bulk.onSend(0, 30_000);
  quiet.onSend(0, 100);
  bulk.onAck(50, 10_000);
  assertEquals([path.wait.bytes, path.wait.acknowledged], [20_100, 10_000]);
  bulk.leave();
  assertEquals([path.inFlight, path.wait.bytes], [100, 20_100], "no bound counts it, but it is there");
  bulk.onAck(60, 12_000);
  assertEquals([path.wait.bytes, path.wait.acknowledged], [18_100, 12_000]);
});

Deno.test("what a carrier that is gone had under way is in front of others until something behind it arrives", () => {
  const path = new PathBound();
  const [gone, next] = [path.join(), path.join()];
  gone.onSend(0, 30_000);
  gone.onAck(100, 1_000);
  next.onSend(900, 500);
  gone.end(1_000);
  gone.end(1_200);
  assertEquals([path.wait.bytes, path.wait.acknowledged], [29_500, 1_000]);
  next.onAck(2_000, 500); // was sent before it
  assertEquals([path.wait.bytes, path.wait.acknowledged], [29_000, 1_500]);
  next.onSend(2_500, 700);
  next.onAck(9_000, 700);
  assertEquals([path.wait.bytes, path.wait.acknowledged], [0, 1_700]);
});

Deno.test("a reply to a question that was asked behind it shows so as well", () => {
  const path = new PathBound();
  const [gone, next] = [path.join(), path.join()];
  gone.onSend(0, 30_000);
  gone.end(1_000);
  next.onAnswer({ nowMs: 1_500, roundTripMs: 600, cameMs: 0 });
  assertEquals(path.wait.bytes, 30_000);
  next.onAnswer({ nowMs: 1_500, roundTripMs: 400, cameMs: 0 });
  assertEquals(path.wait.bytes, 0);
});

Deno.test("how long the last of what has arrived took is known, and that nothing has", () => {
  const path = new PathBound();
  const [one, other] = [path.join(), path.join()];
  assertEquals(path.wait.tookMs(5_000), Infinity);
  one.onSend(0, 100);
  other.onSend(3_000, 100);
  other.onAck(3_050, 100);
  one.onAck(3_060, 100); // was sent before
  assertEquals(path.wait.tookMs(3_100), 100);
});

Deno.test("the round trip of what was sent last is told to those that began before it was sent", () => {
  const path = new PathBound();
  const [one, other] = [path.join(), path.join()];
  assertEquals(path.wait.roundTripSince(0), Infinity);
  one.onSend(0, 100);
  other.onSend(3_000, 100);
  other.onAck(3_050, 100);
  one.onAck(3_060, 100); // was sent before
  assertEquals([3_000, 3_001].map((thenMs) => path.wait.roundTripSince(thenMs)), [50, Infinity]);
  one.onAnswer({ nowMs: 3_100, roundTripMs: 70, cameMs: 0 });
  assertEquals(path.wait.roundTripSince(3_000), 70);
});

Deno.test("what is missing of a carrier is in nobody's way when something has arrived that was sent later", () => {
  const path = new PathBound();
  const [dead, next] = [path.join(), path.join()];
  dead.onSend(0, 5_000);
  next.onSend(10, 200);
  assertEquals(path.wait.bytes, 5_200);
  next.onAck(60, 200);
  assertEquals(path.wait.bytes, 0);
  dead.onSend(100, 6_000);
  assertEquals(path.wait.bytes, 6_000, "it may be alive still");
});

Deno.test("of one write what has not arrived yet is in the way of others", () => {
  const path = new PathBound();
  const [bulk] = [path.join(), path.join()];
  bulk.onSend(0, 30_000);
  bulk.onAck(2_000, 4_000);
  assertEquals(path.wait.bytes, 26_000);
});

Deno.test("a carrier that is gone with nothing under way leaves nothing", () => {
  const wait = new PathWait(), load = { inFlight: 0, acknowledged: 70, sentMs: 0 };
  wait.add(load);
  wait.remove(load, 5);
  assertEquals([wait.bytes, wait.acknowledged], [0, 70]);
});

Deno.test("the longest answer counts for all, for ten seconds and as long as it took", () => {
  const wait = new PathWait();
  assertEquals(wait.answerMs(0), 0);
  wait.took(0, 4_000);
  wait.took(1_000, 50);
  assertEquals([1_000, 14_000, 14_001].map((nowMs) => wait.answerMs(nowMs)), [4_000, 4_000, 0]);
  wait.took(14_001, 50);
  assertEquals(wait.answerMs(14_001), 50);
  wait.took(14_100, 60);
  assertEquals(wait.answerMs(24_160), 60);
});

Deno.test("what a peer sends at first may need as long as a path whose handshake took so long takes", () => {
  const { wait } = new PathBound();
  assertEquals([0, 10, 100, 1_000].map((ms) => wait.peerFirstMs(ms)), [0, 1_280, 12_800, 16_384]);
  wait.came(32 * 1024 - 1);
  assertEquals(wait.peerFirstMs(10), 1_280);
  wait.came(1);
  assertEquals(wait.peerFirstMs(10), 0);
});

Deno.test("a peer begins anew when no carrier was left, and only then", () => {
  const path = new PathBound();
  const [first, second] = [path.join(), path.join()];
  path.wait.came(32 * 1024);
  first.end(1_000);
  path.join();
  assertEquals(path.wait.peerFirstMs(10), 0);
  const sole = new PathBound(), before = sole.join();
  sole.wait.came(32 * 1024);
  before.end(1_000);
  sole.join();
  assertEquals(sole.wait.peerFirstMs(10), 1_280);
  second.end(2_000);
});
