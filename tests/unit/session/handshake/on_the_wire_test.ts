/** Both sides of the handshake over a wire that cuts, changes or repeats what they say. */
import { assertEquals, assertRejects } from "@std/assert";
import { TeleError } from "../../../../lib/net/error.ts";
import { EndCode } from "../../../../lib/session/session_constants.ts";
import { settle } from "../../../support/fake_clock.ts";
import { memoryPipe } from "../../../support/memory_pipe.ts";
import {
  assertRefused,
  attach,
  joinClient,
  joinServer,
  meet,
  meetWell,
  newClient,
  newServer,
  serve,
  tapped,
} from "../../../support/handshakes.ts";

Deno.test("a handshake survives any chunking and pings between its messages", async () => {
  for (const seed of [1, 2, 3]) {
    const { a, b } = memoryPipe({ seed, maxChunk: 3 });
    await b.write(new Uint8Array(12));
    await a.write(new Uint8Array(8));
    await meetWell(joinClient, joinServer, [a, b]);
  }
});

Deno.test("a recorded handshake played again is refused by server and client", async () => {
  for (const [client, server] of [[newClient, newServer], [joinClient, joinServer]] as const) {
    const { ends, record, close } = tapped();
    await meetWell(client, server, ends);
    close();

    const toServer = memoryPipe();
    await toServer.a.write(record.toServer);
    const served = await Promise.allSettled([serve(toServer.b, server)]);
    assertRefused(served[0], EndCode.proof, "proof");

    const toClient = memoryPipe();
    await toClient.b.write(record.toClient);
    const error = await assertRejects(() => attach(toClient.a, client), TeleError, "proof does not hold");
    assertEquals(error.code, "protocol");
  }
});

Deno.test("a byte changed anywhere on the way is noticed, and nobody is attached", async () => {
  const { ends, record, close } = tapped();
  await meetWell(joinClient, joinServer, ends);
  close();
  const run = async (change: { toServer?: number; toClient?: number }) => {
    const wire = tapped(change);
    const meeting = meet(joinClient, joinServer, wire.ends);
    await settle(); // A changed length leaves both waiting.
    wire.close();
    return await meeting;
  };
  for (let at = 0; at < record.toServer.length; at++) {
    const [client, server] = await run({ toServer: at });
    assertEquals([client.status, server.status], ["rejected", "rejected"], `byte ${at} to the server`);
  }
  for (let at = 0; at < record.toClient.length; at++) {
    const [client] = await run({ toClient: at });
    assertEquals(client.status, "rejected", `byte ${at} to the client`);
  }
});

Deno.test("a handshake cut at any byte ends both sides with an error that says so", async () => {
  const { ends, record, close } = tapped();
  await meetWell(joinClient, joinServer, ends);
  close();
  for (let length = 0; length < record.toServer.length; length++) {
    const { a, b } = memoryPipe();
    const serving = serve(b, joinServer);
    await a.write(record.toServer.subarray(0, length));
    await a.closeWrite();
    const error = await assertRejects(() => serving, TeleError, "closed the connection during the handshake");
    assertEquals(error.code, "carrier-lost");
  }
  for (let length = 0; length < record.toClient.length; length++) {
    const { a, b } = memoryPipe();
    const attaching = attach(a, joinClient);
    await b.write(record.toClient.subarray(0, length));
    await b.closeWrite();
    const error = await assertRejects(() => attaching, TeleError, "closed the connection during the handshake");
    assertEquals(error.code, "carrier-lost");
  }
});
