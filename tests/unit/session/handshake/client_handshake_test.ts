/** The client's side of the handshake: what it learns, and whom it does not believe. */
import { assertEquals, assertNotEquals, assertRejects } from "@std/assert";
import { TeleError } from "../../../../lib/net/error.ts";
import { duplexPair } from "../../../../lib/net/pipe.ts";
import { ClientHandshake } from "../../../../lib/session/handshake/client_handshake.ts";
import { ServerHandshake } from "../../../../lib/session/handshake/server_handshake.ts";
import { HandshakeChannel } from "../../../../lib/session/handshake/channel.ts";
import { RefusalError } from "../../../../lib/session/ending.ts";
import { memoryPipe } from "../../../support/memory_pipe.ts";
import { framed } from "../../../../lib/ping/codec.ts";
import {
  attach,
  meetWell,
  NEW,
  newClient,
  newServer,
  NO_SECRET,
  OTHER_SECRET,
  RESUME,
  resumeClient,
  resumeServer,
  SECRET,
  serve,
  SESSION_ID,
} from "../../../support/handshakes.ts";

Deno.test("a new session: both sides share a secret that was never sent", async () => {
  const { accepted, committed } = await meetWell(newClient, newServer);
  assertEquals(committed.hello.kind, "new");
  assertEquals(accepted.resumeSecret, committed.resumeSecret);
  assertNotEquals(accepted.resumeSecret, new Uint8Array(32));
  assertEquals([accepted.accept.sessionId, accepted.accept.received], [SESSION_ID, 0]);
  assertEquals(accepted.accept.fields.get(1000), SECRET);
  assertEquals(committed.identity, undefined);
});

Deno.test("a resume tells the attempt and both counts", async () => {
  const { accepted, committed } = await meetWell(resumeClient, resumeServer);
  assertEquals([committed.hello.kind, committed.hello.sessionId], ["resume", SESSION_ID]);
  assertEquals(committed.commit, RESUME);
  assertEquals(accepted.accept.received, 123);
});

Deno.test("a client that asks for an unknown session learns so and can begin a new one", async () => {
  const [near, far] = duplexPair();
  const serving = serve(far, { ...newServer, status: "unknown" });
  const handshake = await ClientHandshake.begin(near, SESSION_ID);
  assertEquals(handshake.status, "unknown");
  const accepted = await handshake.commit(NEW, NO_SECRET);
  assertEquals(accepted.resumeSecret, (await serving).resumeSecret);
});

Deno.test("a server with another secret is refused by the client, even if it takes the client's proof", async () => {
  const [near, far] = duplexPair();
  const client = attach(near, resumeClient);
  const impostor = new ServerHandshake(far);
  await impostor.hello();
  await impostor.challenge("ready");
  await assertRejects(() => impostor.commit(() => OTHER_SECRET), RefusalError);
  const accept = await impostor.accept({ sessionId: SESSION_ID, received: 0, fields: new Map() });
  await far.write(framed(accept));
  const error = await assertRejects(() => client, TeleError, "not the server of the session");
  assertEquals(error.code, "protocol");
});

Deno.test("a client's bytes sent back to it are refused", async () => {
  const [near, far] = duplexPair();
  const client = attach(near, resumeClient);
  const channel = new HandshakeChannel(far);
  await channel.send(await channel.receive());
  assertEquals((await assertRejects(() => client, TeleError)).code, "protocol");

  const [near2, far2] = duplexPair();
  const client2 = attach(near2, resumeClient);
  const server = new ServerHandshake(far2);
  await server.hello();
  await server.challenge("ready");
  await server.channel.send(await server.channel.receive());
  assertEquals((await assertRejects(() => client2, TeleError)).code, "protocol");
});

Deno.test("an accept of another session, or with a count of a new one, is refused though its proof holds", async () => {
  const wrong = [
    { client: newClient, sessionId: SESSION_ID, received: 1, words: "of a session that is new" },
    { client: resumeClient, sessionId: SECRET.subarray(0, 16), received: 0, words: "another session than the one" },
  ];
  for (const { client, sessionId, received, words } of wrong) {
    const { a, b } = memoryPipe();
    const attaching = attach(a, client);
    const server = new ServerHandshake(b);
    await server.hello();
    await server.challenge("ready");
    await server.commit(() => client.secret);
    await b.write(framed(await server.accept({ sessionId, received, fields: new Map() })));
    assertEquals((await assertRejects(() => attaching, TeleError, words)).code, "protocol");
  }
});

Deno.test("a server that does not know a session nobody asked for is no tele server", async () => {
  const { a, b } = memoryPipe();
  const attaching = attach(a, newClient);
  const server = new ServerHandshake(b);
  await server.hello();
  await server.challenge("unknown");
  assertEquals((await assertRejects(() => attaching, TeleError, "nobody asked for")).code, "protocol");
});
