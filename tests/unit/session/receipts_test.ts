/** Receipts between whole ends: what an accept may say, and what it is for. */
import { assertEquals, assertStringIncludes } from "@std/assert";
import { framed } from "../../../lib/ping/codec.ts";
import { type Receipt, receiptsField } from "../../../lib/session/handshake/fields.ts";
import { decodeEnding, type Ending } from "../../../lib/session/ending.ts";
import { ServerHandshake } from "../../../lib/session/handshake/server_handshake.ts";
import { EndCode, FrameType } from "../../../lib/session/session_constants.ts";
import { SESSION_ID } from "../../support/handshakes.ts";
import { SessionWorld } from "../../support/session_world.ts";

/**
 * A client that has sent 1000 bytes, and whose next carrier is accepted with these receipts; `goodbyes` are those that
 * come on it.
 */
async function joinedWith(receipts: Receipt[], goodbyes: Ending[] = []): Promise<SessionWorld> {
  const world = new SessionWorld();
  let secret: Uint8Array = new Uint8Array(0);
  world.onConnection = async (duplex) => {
    const handshake = new ServerHandshake(duplex, false);
    await handshake.hello();
    await handshake.challenge("ready");
    const { commit, joinSecret } = await handshake.commit((kind) => kind === "join" ? secret : new Uint8Array(0));
    if (commit.kind === "new") secret = joinSecret;
    const fields = commit.kind === "new" ? new Map() : receiptsField(receipts);
    await duplex.write(framed(await handshake.accept({ sessionId: SESSION_ID, number: commit.number, fields })));
    if (commit.kind === "new") return;
    let frame = await handshake.channel.receive();
    while (frame[0] !== FrameType.goodbye) frame = await handshake.channel.receive();
    goodbyes.push(decodeEnding(frame));
    duplex.close();
  };
  world.here.send(1_000);
  await world.clock.advance(100);
  assertEquals(world.client.isAttached, true);
  world.network.cut();
  await world.clock.advance(50);
  return world;
}

for (
  const [what, receipt, words] of [
    ["says more than was sent", { number: 0, taken: 99_999 }, "took 99999 bytes of a carrier, which cannot be"],
    ["names a carrier that never was", { number: 7, taken: 0 }, "carrier 7, which never was"],
  ] as const
) {
  Deno.test(`an accept whose receipt ${what} ends the session loudly, with a goodbye on its carrier`, async () => {
    const goodbyes: Ending[] = [];
    const world = await joinedWith([receipt], goodbyes);
    const [first] = world.clientUsers;
    assertEquals([first.error?.code, world.network.pipes[1].isOver], ["protocol", true]);
    assertStringIncludes(first.error!.message, words);
    assertEquals(goodbyes, [{ code: EndCode.protocol, message: first.error!.message }]);
    assertEquals(world.linesWith("client warn: session ended").length, 1);
    await world.end();
    assertEquals(world.clock.pendingTimers, 0);
  });
}

Deno.test("of what an accept says was taken nothing is sent again, and without a receipt all of it", async () => {
  const all = await joinedWith([]);
  const bytes = all.here.session!.budget.heldBytes;
  assertEquals(all.client.replayedBytes, bytes);
  const rest = await joinedWith([{ number: 0, taken: bytes }]);
  assertEquals([rest.client.replayedBytes, rest.here.session!.budget.heldBytes], [0, 0]);
  for (const world of [all, rest]) {
    assertEquals([world.clientUsers.length, world.here.error], [1, undefined]);
    await world.end();
  }
});
