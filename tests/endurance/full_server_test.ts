/** A server that has no room, for minutes. */
import { assert, assertEquals } from "@std/assert";
import type { Duplex } from "../../lib/net/duplex.ts";
import { ClientHandshake } from "../../lib/session/handshake/client_handshake.ts";
import { memoryPipe } from "../support/memory_pipe.ts";
import { SessionWorld } from "../support/session_world.ts";

/** A connection to the server past a network that is down for everyone else. */
function connect(world: SessionWorld): Promise<Duplex> {
  const { a, b } = memoryPipe({ names: ["guest", "server"] });
  world.toServer(b);
  return Promise.resolve(a);
}

Deno.test("a client whose session is gone from a full server tells its users, and goes on trying", async () => {
  for (const isAbandoned of [false, true]) {
    const world = await SessionWorld.attached({ server: { maxSessions: 1 } });
    const user = world.here;
    if (isAbandoned) user.streamCount = 0;
    world.network.state = "unreachable";
    world.restartServer();
    const other = await ClientHandshake.begin(await connect(world));
    await other.commit({ kind: "new", number: 0, lane: "quiet", fields: new Map() }, new Uint8Array(0));
    world.network.state = "up";
    await world.clock.advance(3_000);
    assertEquals([user.error?.code, world.client.isAttached], ["unknown-session", false]);
    // Whoever comes now is told what the matter is, and within seconds.
    const next = world.here;
    world.client.hurry();
    await world.clock.advance(1_000);
    assertEquals(next.error?.code, "refused");
    assert(next.error!.message.includes("--max-sessions"), next.error!.message);
    other.duplex.close();
    await world.clock.advance(200_000);
    assertEquals([world.client.isAttached, world.server.sessionCount], [true, 1]);
    await world.end();
  }
});
