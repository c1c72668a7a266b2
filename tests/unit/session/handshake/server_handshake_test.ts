/** The server's side of the handshake: whom it lets in, and what it says to the others. */
import { concat } from "@std/bytes/concat";
import { assert, assertEquals, assertRejects } from "@std/assert";
import { TeleError } from "../../../../lib/net/error.ts";
import { EndCode, PROTOCOL_VERSION } from "../../../../lib/session/session_constants.ts";
import { ClientHandshake, FullError } from "../../../../lib/session/handshake/client_handshake.ts";
import { HandshakeChannel } from "../../../../lib/session/handshake/channel.ts";
import { type Identity, makeIdentityKeys } from "../../../../lib/session/handshake/keys.ts";
import { type Commit, encodeCommit, encodeHello } from "../../../../lib/session/handshake/messages.ts";
import { ServerHandshake } from "../../../../lib/session/handshake/server_handshake.ts";
import { RefusalError } from "../../../../lib/session/ending.ts";
import { memoryPipe } from "../../../support/memory_pipe.ts";
import { framed } from "../../../../lib/ping/codec.ts";
import {
  assertRefused,
  attach,
  joinClient,
  joinServer,
  meet,
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

Deno.test("the identity that the client signed is named by the server, each time the same", async () => {
  const identity: Identity = { keys: await makeIdentityKeys(), slot: 4 };
  const first = await meetWell({ ...newClient, identity }, newServer);
  const second = await meetWell({ ...newClient, identity }, newServer);
  assert(first.committed.identity !== undefined);
  assertEquals(first.committed.identity, second.committed.identity);
});

Deno.test("an identity that was signed for another handshake is refused", async () => {
  const identity: Identity = { keys: await makeIdentityKeys(), slot: 4 };
  const first = await meetWell({ ...newClient, identity }, newServer);
  const stolen: Commit = { ...NEW, fields: first.committed.commit.fields };
  const [client, server] = await meet({ ...newClient, commit: stolen }, newServer);
  assertRefused(client, EndCode.proof, "identity");
  assertRefused(server, EndCode.proof, "identity");
});

Deno.test("a client with another secret is refused, and told so", async () => {
  for (const secret of [OTHER_SECRET, NO_SECRET]) {
    const [client, server] = await meet({ ...joinClient, secret }, joinServer);
    assertRefused(client, EndCode.proof, "proof does not hold");
    assertRefused(server, EndCode.proof, "proof does not hold");
  }
});

Deno.test("a client of another version is refused with a sentence that both sides see", async () => {
  const { a, b } = memoryPipe();
  const hello = encodeHello({ kind: "new", nonce: SECRET, publicKey: SECRET, fields: new Map() });
  hello[5] = PROTOCOL_VERSION + 1;
  await a.write(framed(hello));
  const words = `speaks version ${PROTOCOL_VERSION + 1}`;
  await assertRejects(() => serve(b, newServer), TeleError, words);
  const answer = await new HandshakeChannel(a).receive();
  assertEquals([answer[0], answer[2]], [0x05, EndCode.version]);
  assert(new TextDecoder().decode(answer.subarray(3)).includes(words));

  const { a: near, b: far } = memoryPipe();
  await far.write(framed(answer));
  const error = await assertRejects(() => ClientHandshake.begin(near), RefusalError, words);
  assertEquals(error.endCode, EndCode.version);
});

Deno.test("a commit of a kind that does not follow from the hello is a protocol error", async () => {
  const known = await meet({ ...newClient, sessionId: SESSION_ID }, joinServer);
  const unknown = await meet(joinClient, { ...newServer, status: "unknown" });
  for (const [client, server] of [known, unknown]) {
    assertRefused(client, EndCode.protocol, "does not follow");
    assert(server.status === "rejected" && server.reason.code === "protocol");
  }
});

Deno.test("a server without room says so with a proof, and whether others may have some, and names no session", async () => {
  for (const hasOthers of [true, false]) {
    const { a, b } = memoryPipe();
    const attaching = attach(a, newClient);
    const server = new ServerHandshake(b);
    await server.hello();
    await server.challenge("ready");
    await server.commit(() => NO_SECRET);
    await server.sayFull(hasOthers);
    assertEquals((await assertRejects(() => attaching, FullError, "takes no more sessions")).hasOthers, hasOthers);
  }
});

Deno.test("a half of the key exchange that is all zeros is refused", async () => {
  const { a, b } = memoryPipe();
  const serving = serve(b, newServer);
  await a.write(framed(encodeHello({ kind: "new", nonce: SECRET, publicKey: new Uint8Array(32), fields: new Map() })));
  const channel = new HandshakeChannel(a);
  await channel.receive();
  await channel.send(concat([encodeCommit(NEW), SECRET]));
  const error = await assertRejects(() => serving, TeleError, "X25519");
  assertEquals(error.code, "protocol");
});

Deno.test("a server that finds services by their names says so in its challenge, and another does not", async () => {
  for (const hasServices of [true, false]) {
    const { a, b } = memoryPipe();
    const server = new ServerHandshake(b, false, "never", hasServices);
    const beginning = ClientHandshake.begin(a);
    await server.hello();
    await server.challenge("ready");
    assertEquals((await beginning).hasServices, hasServices);
  }
});
