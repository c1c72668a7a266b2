/** The client's side of the handshake: what it learns, and whom it does not believe. */
import { assertEquals, assertNotEquals, assertRejects } from "@std/assert";
import { TeleError } from "../../../../lib/net/error.ts";
import { duplexPair } from "../../../../lib/net/pipe.ts";
import { ClientHandshake } from "../../../../lib/session/handshake/client_handshake.ts";
import { ServerHandshake } from "../../../../lib/session/handshake/server_handshake.ts";
import { readLive, readReceipts, readStartPool } from "../../../../lib/session/handshake/fields.ts";
import { HandshakeChannel } from "../../../../lib/session/handshake/channel.ts";
import { RefusalError } from "../../../../lib/session/ending.ts";
import { decodeHello, encodeChallenge } from "../../../../lib/session/handshake/messages.ts";
import { memoryPipe } from "../../../support/memory_pipe.ts";
import { framed } from "../../../../lib/ping/codec.ts";
import {
  attach,
  JOIN,
  joinClient,
  joinServer,
  meetWell,
  NEW,
  newClient,
  newServer,
  NO_SECRET,
  OTHER_SECRET,
  SECRET,
  serve,
  SESSION_ID,
} from "../../../support/handshakes.ts";

Deno.test("a new session: both sides share a secret that was never sent", async () => {
  const { accepted, committed } = await meetWell(newClient, newServer);
  assertEquals(committed.hello.kind, "new");
  assertEquals(accepted.joinSecret, committed.joinSecret);
  assertNotEquals(accepted.joinSecret, new Uint8Array(32));
  assertEquals([accepted.accept.sessionId, accepted.accept.number], [SESSION_ID, 0]);
  assertEquals(readStartPool(accepted.accept.fields), 5);
  assertEquals(accepted.accept.fields.get(1000), SECRET);
  assertEquals(committed.identity, undefined);
});

Deno.test("a join tells the carrier's number and lane, the others that are alive, and both ends' receipts", async () => {
  const { accepted, committed } = await meetWell(joinClient, joinServer);
  assertEquals([committed.hello.kind, committed.hello.sessionId], ["join", SESSION_ID]);
  assertEquals(committed.commit, JOIN);
  assertEquals(readLive(committed.commit.fields), [2]);
  assertEquals(readReceipts(committed.commit.fields), [{ number: 0, taken: 70_000 }]);
  assertEquals(accepted.accept.number, 3);
  assertEquals(readReceipts(accepted.accept.fields), [{ number: 0, taken: 123 }]);
});

Deno.test("a client that asks for an unknown session learns so and can begin a new one", async () => {
  const [near, far] = duplexPair();
  const serving = serve(far, { ...newServer, status: "unknown" });
  const handshake = await ClientHandshake.begin(near, SESSION_ID);
  assertEquals(handshake.status, "unknown");
  const accepted = await handshake.commit(NEW, NO_SECRET);
  assertEquals(accepted.joinSecret, (await serving).joinSecret);
});

Deno.test("a server with another secret is refused by the client, even if it takes the client's proof", async () => {
  const [near, far] = duplexPair();
  const client = attach(near, joinClient);
  const impostor = new ServerHandshake(far);
  await impostor.hello();
  await impostor.challenge("ready");
  await assertRejects(() => impostor.commit(() => OTHER_SECRET), RefusalError);
  const accept = await impostor.accept({ sessionId: SESSION_ID, number: 3, fields: new Map() });
  await far.write(framed(accept));
  const error = await assertRejects(() => client, TeleError, "not the server of the session");
  assertEquals(error.code, "protocol");
});

Deno.test("a client's bytes sent back to it are refused", async () => {
  const [near, far] = duplexPair();
  const client = attach(near, joinClient);
  const channel = new HandshakeChannel(far);
  await channel.send(await channel.receive());
  assertEquals((await assertRejects(() => client, TeleError)).code, "protocol");

  const [near2, far2] = duplexPair();
  const client2 = attach(near2, joinClient);
  const server = new ServerHandshake(far2);
  await server.hello();
  await server.challenge("ready");
  await server.channel.send(await server.channel.receive());
  assertEquals((await assertRejects(() => client2, TeleError)).code, "protocol");
});

Deno.test("an accept of another session or of another carrier is refused though its proof holds", async () => {
  const wrong = [
    { client: newClient, sessionId: SESSION_ID, number: 1, words: "accepts carrier 1, not 0" },
    { client: joinClient, sessionId: SESSION_ID, number: 2, words: "accepts carrier 2, not 3" },
    { client: joinClient, sessionId: SESSION_ID, number: 0, words: "accepts carrier 0, not 3" },
    { client: joinClient, sessionId: SECRET.subarray(0, 16), number: 3, words: "another session than the one" },
  ];
  for (const { client, sessionId, number, words } of wrong) {
    const { a, b } = memoryPipe();
    const attaching = attach(a, client);
    const server = new ServerHandshake(b);
    await server.hello();
    await server.challenge("ready");
    await server.commit(() => client.secret);
    await b.write(framed(await server.accept({ sessionId, number, fields: new Map() })));
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

Deno.test("who strips the token from a challenge has no advice to give: the sentence says who can have done that", async () => {
  const { a, b } = memoryPipe();
  const client = ClientHandshake.begin(a, undefined, true);
  const stripping = new HandshakeChannel(b);
  const { nonce, publicKey } = decodeHello(await stripping.receive());
  await stripping.send(encodeChallenge({ status: "ready", nonce, publicKey, fields: new Map() }));
  await assertRejects(() => client, RefusalError, "anybody on the way can have said so");
});
