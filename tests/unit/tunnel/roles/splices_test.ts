/** Carriers that are passed on: what goes through, and what nobody waits for any more. */
import { assert, assertEquals, assertRejects } from "@std/assert";
import type { Duplex } from "../../../../lib/net/duplex.ts";
import { ForwardedDuplex } from "../../../../lib/net/forwarded_duplex.ts";
import { duplexPair } from "../../../../lib/net/pipe.ts";
import { Splices } from "../../../../lib/tunnel/roles/splices.ts";
import { FakeClock, settle } from "../../../support/fake_clock.ts";
import { readExactly } from "../../../support/reading.ts";

/** One that is passed on, and its two ends. */
function passOn(splices: Splices): { client: Duplex; owner: Duplex; over: Promise<void> } {
  const [[client, carrier], [link, owner]] = [duplexPair(), duplexPair()];
  return { client, owner, over: splices.add(carrier, link) };
}

const read = (duplex: Duplex) => duplex.read(new Uint8Array(8));

Deno.test("what one side says the other hears, and when both have ended nothing is left", async () => {
  const clock = new FakeClock();
  const splices = new Splices(clock);
  const { client, owner, over } = passOn(splices);
  await client.write(new Uint8Array([1, 2]));
  assertEquals(await readExactly(owner, 2), new Uint8Array([1, 2]));
  await client.closeWrite();
  assertEquals(await read(owner), null);
  await owner.write(new Uint8Array([3]));
  assertEquals(await readExactly(client, 1), new Uint8Array([3]));
  await owner.closeWrite();
  await over;
  assertEquals([splices.count, clock.pendingTimers], [0, 0]);
});

Deno.test("a client that does not end behind its owner is closed after two minutes, and no other is", async () => {
  const clock = new FakeClock();
  const splices = new Splices(clock);
  const [ended, resting] = [passOn(splices), passOn(splices)];
  await ended.owner.closeWrite();
  assertEquals(await read(ended.client), null);
  await clock.advance(119_000);
  assertEquals(splices.count, 2);
  await clock.advance(2_000);
  await ended.over;
  await assertRejects(() => ended.client.write(new Uint8Array(1)));
  // Of an idle session nothing may come for longer than that.
  await clock.advance(3_600_000);
  await resting.client.write(new Uint8Array([1]));
  assertEquals(await readExactly(resting.owner, 1), new Uint8Array([1]));
  splices.stop(new Error("the test is over"));
  await resting.over;
  assertEquals(clock.pendingTimers, 0);
});

Deno.test("of clients that do not end behind their owners there are 512: the oldest goes", async () => {
  const splices = new Splices(new FakeClock());
  const other = passOn(splices);
  const all = Array.from({ length: 600 }, () => passOn(splices));
  for (const { owner } of all) void owner.closeWrite().catch(() => {});
  await settle();
  assertEquals(splices.count, 513);
  await all[0]!.over;
  await other.client.write(new Uint8Array([1]));
  assertEquals(await readExactly(other.owner, 1), new Uint8Array([1]));
  splices.stop(new Error("the test is over"));
});

Deno.test("a client that takes nothing and says nothing is closed: nobody would hear that its owner has ended", async () => {
  const clock = new FakeClock();
  const splices = new Splices(clock);
  const { client, owner, over } = passOn(splices);
  // One that is heard lives, however little it takes.
  const speaking = passOn(splices);
  for (const each of [owner, speaking.owner]) each.write(new Uint8Array(1 << 20)).catch(() => {});
  for (let second = 0; second < 130; second += 10) {
    await speaking.client.write(new Uint8Array([second]));
    assertEquals(await readExactly(speaking.owner, 1), new Uint8Array([second]));
    await clock.advance(10_000);
  }
  await over;
  assertEquals(splices.count, 1);
  assert(await read(client).catch(() => null) === null);
  splices.stop(new Error("the test is over"));
  assertEquals(clock.pendingTimers, 0);
});

Deno.test("connections that call back are spliced without a promise for each chunk, and one that takes nothing is closed", async () => {
  const clock = new FakeClock();
  const splices = new Splices(clock);
  const [[client, carrier], [link, owner]] = [duplexPair(), duplexPair()];
  let reads = 0, writes = 0;
  const cheap = (duplex: Duplex): Duplex =>
    Object.assign(new ForwardedDuplex(duplex), {
      readWith: (...[into, onRead, onFailed]: Parameters<NonNullable<Duplex["readWith"]>>) => {
        reads++;
        duplex.read(into).then(onRead, onFailed);
      },
      writeNow: (bytes: Uint8Array) => {
        writes++;
        return duplex.write(bytes);
      },
    });
  const over = splices.add(cheap(carrier), cheap(link));
  await client.write(new Uint8Array([1]));
  assertEquals(await readExactly(owner, 1), new Uint8Array([1]));
  await settle();
  assertEquals([reads, writes], [3, 1]);
  // Nobody reads at the client's.
  owner.write(new Uint8Array([2])).catch(() => {});
  await clock.advance(130_000);
  await over;
  assertEquals([splices.count, clock.pendingTimers], [0, 0]);
});

Deno.test("when the server ends, both sides of all are aborted, and of one that comes then", async () => {
  const splices = new Splices(new FakeClock());
  const before = passOn(splices);
  splices.stop(new Error("the tele server ends"));
  const behind = passOn(splices);
  await Promise.all([before.over, behind.over]);
  for (const { client, owner } of [before, behind]) {
    await assertRejects(() => read(client));
    await assertRejects(() => read(owner));
  }
});
