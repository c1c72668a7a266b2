/** Strangers may wait, but not for ever and not without number. */
import { assertEquals } from "@std/assert";
import { WaitingRoom } from "../../../lib/net/waiting_room.ts";
import { FakeClock } from "../../support/fake_clock.ts";

function world() {
  const clock = new FakeClock();
  const room = new WaitingRoom<{ close(): void }>(clock, { guests: 2, timeoutMs: 10_000 });
  const closed: string[] = [];
  const guest = (name: string) => ({ close: () => void closed.push(name) });
  return { clock, room, closed, guest };
}

Deno.test("one that takes too long is closed, and the reason is kept", async () => {
  const { clock, room, closed, guest } = world();
  const slow = guest("slow");
  room.enter(slow);
  await clock.advance(9_999);
  assertEquals([closed, room.count], [[], 1]);
  await clock.advance(1);
  assertEquals([closed, room.count], [["slow"], 0]);
  assertEquals(room.reasonFor(slow), "no complete handshake within 10 s");
});

Deno.test("one whose handshake is done stays, and leaves no timer", async () => {
  const { clock, room, closed, guest } = world();
  const quick = guest("quick");
  room.enter(quick);
  room.leave(quick);
  await clock.advance(20_000);
  assertEquals([closed, room.count, clock.pendingTimers, room.reasonFor(quick)], [[], 0, 0, undefined]);
});

Deno.test("of too many the oldest goes, but those that are as good as gone go first", () => {
  const { room, closed, guest } = world();
  const [a, b, c, d] = ["a", "b", "c", "d"].map(guest) as [{ close(): void }, ...{ close(): void }[]];
  for (const each of [a, b!, c!]) room.enter(each);
  assertEquals(closed, ["a"]);
  assertEquals(room.reasonFor(a), "too many handshakes were in progress, and it was the oldest");
  room.doom(c!);
  room.doom(a);
  room.enter(d!);
  assertEquals(closed, ["a", "c"]);
  assertEquals(room.count, 2);
});

Deno.test("when it closes everyone goes, for the reason that is given", () => {
  const { clock, room, closed, guest } = world();
  const [a, b] = [guest("a"), guest("b")];
  room.enter(a);
  room.enter(b);
  room.close("the server ends");
  assertEquals([closed, room.count, clock.pendingTimers], [["a", "b"], 0, 0]);
  assertEquals(room.reasonFor(b), "the server ends");
});
