/** Carriers that were recorded are worth nothing to whoever plays them again. */
import { concat } from "@std/bytes/concat";
import { assert, assertEquals, assertGreaterOrEqual } from "@std/assert";
import type { Duplex } from "../../../../lib/net/duplex.ts";
import { ForwardedDuplex } from "../../../../lib/net/forwarded_duplex.ts";
import { EndCode, FrameType, TOKEN_REFUSAL_DELAY_MS } from "../../../../lib/session/session_constants.ts";
import { HandshakeChannel } from "../../../../lib/session/handshake/channel.ts";
import { decodeEnding } from "../../../../lib/session/ending.ts";
import { SessionWorld } from "../../../support/session_world.ts";
import { connect, TOKEN } from "../../../support/tokens.ts";

/** What went over one carrier. */
interface Recording {
  fromClient: Uint8Array;
  fromServer: Uint8Array;
}

/** The server's end of a carrier, with everything on it kept. */
function recorded(duplex: Duplex, recording: Recording): Duplex {
  return Object.assign(new ForwardedDuplex(duplex), {
    async read(into: Uint8Array) {
      const count = await duplex.read(into);
      recording.fromClient = concat([recording.fromClient, into.slice(0, count ?? 0)]);
      return count;
    },
    async write(bytes: Uint8Array) {
      recording.fromServer = concat([recording.fromServer, bytes]);
      await duplex.write(bytes);
    },
  });
}

/** A client and a server whose two carriers, that of the new session and that of its resume, were recorded. */
async function recordedWorld(token: Uint8Array | undefined) {
  const recordings: Recording[] = [];
  const world = new SessionWorld({ client: { token }, server: { token } });
  world.onConnection = (duplex) => {
    const recording = { fromClient: new Uint8Array(0), fromServer: new Uint8Array(0) };
    recordings.push(recording);
    world.toServer(recorded(duplex, recording));
  };
  world.client;
  await world.untilAttached();
  await world.exchange(3000);
  world.network.cut();
  await world.untilAttached();
  await world.exchange(3000);
  return { world, recordings };
}

for (const token of [undefined, TOKEN]) {
  const what = token === undefined ? "without a token" : "with a token";
  Deno.test(`recorded carriers, played to the server, neither resume nor disturb: ${what}`, async () => {
    const { world, recordings } = await recordedWorld(token);
    assertEquals(recordings.length, 2, "a new session and a resume");

    const play = async () => {
      for (const { fromClient } of recordings) {
        const { a } = connect(world, "203.0.113.9:99");
        await a.write(fromClient);
        const channel = new HandshakeChannel(a);
        await channel.receive();
        const refuse = channel.receive();
        await world.clock.advance(TOKEN_REFUSAL_DELAY_MS);
        assertEquals((await refuse)[0], FrameType.refuse);
        const { code } = decodeEnding(await refuse);
        assert(code === EndCode.proof || code === EndCode.token, `code ${code}`);
      }
    };
    const carrier = world.network.last!;
    await play();
    await world.exchange(1000);
    assertEquals([world.network.last, carrier.isOver, world.server.sessionCount], [carrier, false, 1]);
    // The same while the session waits.
    world.network.state = "refusing";
    world.network.cut();
    await world.clock.advance(1_000);
    await play();
    world.network.state = "up";
    await world.untilAttached();
    await world.exchange(1000);
    world.assertUnbroken();
    assertEquals(world.serverUsers.length, 1);
    await world.end();
  });

  Deno.test(`recorded carriers, played to a client in an outage, neither resume nor end anything: ${what}`, async () => {
    const { world, recordings } = await recordedWorld(token);
    for (const { fromServer } of recordings) {
      let played = 0;
      world.onConnection = (duplex) => {
        played++;
        duplex.write(fromServer).catch(() => {});
      };
      world.network.cut();
      await world.clock.advance(5_000);
      assertGreaterOrEqual(played, 3);
      assertEquals([world.client.isAttached, world.here.received], [false, world.there.told]);
      world.assertUnbroken();
      world.onConnection = world.toServer;
      await world.untilAttached();
      await world.exchange(1000);
      world.assertUnbroken();
    }
    await world.end();
  });
}
