/** Telling owners of newer sessions when they are back. */
import { assertEquals, assertRejects } from "@std/assert";
import { duplexPair } from "../../../../lib/net/pipe.ts";
import { LeftSessions } from "../../../../lib/session/fleet/left_sessions.ts";
import type { OwnerReply } from "../../../../lib/session/fleet/owner_place.ts";
import type { Preface } from "../../../../lib/session/handshake/preface.ts";
import type { OpenedTicket } from "../../../../lib/session/handshake/ticket.ts";
import { FakeClock } from "../../../support/fake_clock.ts";

function leftAt(byte: number) {
  const identity = { client: "00".repeat(32), slot: byte, lastSlot: byte };
  return { ticket: new Uint8Array(80).fill(byte), newer: { identity, tokenName: "alice" }, host: "192.0.2.1" };
}

/** Owners that answer as `answer` says. */
function setUp() {
  const clock = new FakeClock();
  const [link, far] = duplexPair();
  const world = { answer: "away" as OwnerReply["answer"], isKnown: true, told: [] as number[], far };
  const left = new LeftSessions({
    clock,
    asker: {
      ask(_place, _opened, { layer, client, ticket, newer }: Omit<Preface, "nonce">) {
        assertEquals([layer, client.peer, newer], ["none", "192.0.2.1", leftAt(ticket[0]!).newer]);
        world.told.push(ticket[0]!);
        return Promise.resolve(world.answer === "here" ? { answer: "here", link } : { answer: world.answer });
      },
    },
    find() {
      const place = { name: "an owner", limitMs: 1, dial: () => Promise.resolve(undefined) };
      return Promise.resolve(world.isKnown ? { opened: {} as OpenedTicket, place } : undefined);
    },
  });
  return { clock, left, world };
}

Deno.test("an owner that is away is told again, at first after a second, later every ten", async () => {
  const { clock, left, world } = setUp();
  left.add(leftAt(1), 3_600_000);
  await clock.advance(999);
  assertEquals(world.told, []);
  await clock.advance(1 + 2_000 + 4_000 + 8_000);
  assertEquals(world.told.length, 4);
  await clock.advance(100_000);
  assertEquals(world.told.length, 14);
  left.stop();
});

Deno.test("it is told no more when it has answered, whatever it says, and when nobody can be found to tell", async () => {
  for (const answer of ["gone", "here", "nobody"] as const) {
    const { clock, left, world } = setUp();
    if (answer === "nobody") world.isKnown = false;
    else world.answer = answer;
    left.add(leftAt(1), 3_600_000);
    await clock.advance(60_000);
    assertEquals([world.told.length, left.count], [answer === "nobody" ? 0 : 1, 0]);
    if (answer === "here") await assertRejects(() => world.far.read(new Uint8Array(1)), Error, "closed");
  }
});

Deno.test("one that comes later does not wait for the long pause of those before, and what its owner keeps no more is forgotten", async () => {
  const { clock, left, world } = setUp();
  left.add(leftAt(1), 100_000);
  await clock.advance(50_000);
  world.told.length = 0;
  left.add(leftAt(2), 3_600_000);
  await clock.advance(1_000);
  assertEquals(world.told, [1, 2]);
  await clock.advance(60_000);
  assertEquals(left.count, 1);
  left.stop();
  world.told.length = 0;
  await clock.advance(60_000);
  assertEquals(world.told, []);
});

Deno.test("of more than a thousand the oldest are given up", () => {
  const { left } = setUp();
  for (let at = 0; at < 1_030; at++) left.add(leftAt(at % 200), 3_600_000);
  assertEquals(left.count, 1024);
  left.stop();
});
