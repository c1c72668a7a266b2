/** A transcript says where each message ends. */
import { concat } from "@std/bytes/concat";
import { assertEquals } from "@std/assert";
import type { Duplex } from "../../../../lib/net/duplex.ts";
import { HandshakeChannel } from "../../../../lib/session/handshake/channel.ts";
import { encodeCommit } from "../../../../lib/session/handshake/messages.ts";
import { Transcript } from "../../../../lib/session/handshake/transcript.ts";
import { settle } from "../../../support/fake_clock.ts";
import { memoryPipe } from "../../../support/memory_pipe.ts";
import { JOIN, joinClient, joinServer, meet, SECRET } from "../../../support/handshakes.ts";

Deno.test("a transcript knows where each message ends", () => {
  const parts = [[[1, 2], [3]], [[1], [2, 3]], [[1, 2, 3]], [[1, 2, 3], []], [[], [1, 2, 3]]];
  const all = parts.map((messages) => Transcript.of(...messages.map((bytes) => new Uint8Array(bytes))).bytes.join());
  assertEquals(new Set(all).size, parts.length);
});

/** Passes a handshake on, with the same bytes put behind the challenge and in front of the commit. */
async function splice(near: Duplex, far: Duplex, carried: Uint8Array): Promise<void> {
  const [client, server] = [new HandshakeChannel(near), new HandshakeChannel(far)];
  await server.send(await client.receive());
  await client.send(concat([await server.receive(), carried]));
  await server.send(concat([carried, await client.receive()]));
  await client.send(await server.receive());
}

Deno.test("a commit cannot be replaced by bytes that both ends see, each in another message", async () => {
  const forged = encodeCommit({ ...JOIN, number: 2 ** 32 - 1, fields: new Map() });
  for (const carried of [forged, new Uint8Array([0]), SECRET]) {
    const [left, right] = [memoryPipe(), memoryPipe()];
    const meeting = meet(joinClient, joinServer, [left.a, right.b]);
    splice(left.b, right.a, carried).catch(() => {});
    await settle();
    for (const end of [left.b, right.a]) end.close();
    const [client, server] = await meeting;
    assertEquals([client.status, server.status], ["rejected", "rejected"]);
  }
});
