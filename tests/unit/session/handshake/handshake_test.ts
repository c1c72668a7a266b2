import { concat } from "@std/bytes/concat";
import { assert, assertEquals, assertInstanceOf, assertNotEquals, assertRejects } from "@std/assert";
import type { Duplex } from "../../../../lib/net/duplex.ts";
import { TeleError } from "../../../../lib/net/error.ts";
import { duplexPair } from "../../../../lib/net/pipe.ts";
import { EndCode, MAX_HANDSHAKE_FRAME_BYTES, PROTOCOL_VERSION } from "../../../../lib/session/session_constants.ts";
import {
  type Accepted,
  ClientHandshake,
  type Committed,
  HandshakeChannel,
  ServerHandshake,
} from "../../../../lib/session/handshake/handshake.ts";
import { type Identity, makeIdentityKeys } from "../../../../lib/session/handshake/keys.ts";
import {
  type Challenge,
  type Commit,
  encodeCommit,
  encodeHello,
  endCodeOf,
  type Hello,
  RefusalError,
} from "../../../../lib/session/handshake/messages.ts";
import { Transcript } from "../../../../lib/session/handshake/transcript.ts";
import { settle } from "../../../support/fake_clock.ts";
import { memoryPipe } from "../../../support/memory_network.ts";

const SESSION_ID = new Uint8Array(16).fill(0x1d);
const SECRET = new Uint8Array(32).fill(0x5e);
const OTHER_SECRET = new Uint8Array(32).fill(0x5f);
const NO_SECRET = new Uint8Array(0);
const NEW: Commit = { kind: "new", attempt: 0, received: 0, fields: new Map() };
const RESUME: Commit = {
  kind: "resume",
  attempt: 3,
  received: 70_000,
  fields: new Map([[999, new Uint8Array([1, 2])]]),
};

interface ServerPlan {
  status: Challenge["status"];
  /** What the server takes for the session's secret; `undefined` if it does not know the session. */
  secret: Uint8Array | undefined;
  /** Sent in one write with the accept. */
  behind: Uint8Array;
}

/** A server's side of one handshake; refuses as the real one does. */
async function serve(duplex: Duplex, plan: ServerPlan): Promise<Committed & { hello: Hello }> {
  const handshake = new ServerHandshake(duplex);
  try {
    const hello = await handshake.hello();
    await handshake.challenge(plan.status);
    const committed = await handshake.commit((kind) => {
      if (kind === "resume") return plan.secret;
      return plan.secret === undefined ? NO_SECRET : undefined;
    });
    const received = committed.commit.kind === "new" ? 0 : 123;
    const accept = await handshake.accept({ sessionId: SESSION_ID, received, fields: new Map([[1000, SECRET]]) });
    await duplex.write(concat([framed(accept), plan.behind]));
    return { ...committed, hello };
  } catch (error) {
    if (error instanceof TeleError && error.code !== "carrier-lost") {
      await handshake.refuse({ code: endCodeOf(error), message: error.message });
    }
    throw error;
  }
}

function framed(payload: Uint8Array): Uint8Array {
  const header = new Uint8Array(4);
  new DataView(header.buffer).setUint32(0, payload.length);
  return concat([header, payload]);
}

interface ClientPlan {
  sessionId?: Uint8Array;
  commit: Commit;
  secret: Uint8Array;
  identity?: Identity;
}

async function attach(duplex: Duplex, plan: ClientPlan): Promise<Accepted> {
  const handshake = await ClientHandshake.begin(duplex, plan.sessionId);
  return await handshake.commit(plan.commit, plan.secret, plan.identity);
}

const newClient: ClientPlan = { commit: NEW, secret: NO_SECRET };
const newServer: ServerPlan = { status: "ready", secret: undefined, behind: NO_SECRET };
const resumeClient: ClientPlan = { sessionId: SESSION_ID, commit: RESUME, secret: SECRET };
const resumeServer: ServerPlan = { status: "ready", secret: SECRET, behind: NO_SECRET };

/** Both results over one connection. */
function meet(client: ClientPlan, server: ServerPlan, [near, far] = duplexPair()) {
  return Promise.allSettled([attach(near, client), serve(far, server)]);
}

async function meetWell(client: ClientPlan, server: ServerPlan, ends?: [Duplex, Duplex]) {
  const [accepted, committed] = await meet(client, server, ends);
  if (accepted.status === "rejected") throw accepted.reason;
  if (committed.status === "rejected") throw committed.reason;
  return { accepted: accepted.value, committed: committed.value };
}

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

Deno.test("a handshake survives any chunking and pings between its messages", async () => {
  for (const seed of [1, 2, 3]) {
    const { a, b } = memoryPipe({ seed, maxChunk: 3 });
    await b.write(new Uint8Array(12));
    await a.write(new Uint8Array(8));
    await meetWell(resumeClient, resumeServer, [a, b]);
  }
});

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

function assertRefused(result: PromiseSettledResult<unknown>, code: number, words: string): void {
  assert(result.status === "rejected");
  assertInstanceOf(result.reason, RefusalError);
  assertEquals(result.reason.endCode, code);
  assert(result.reason.message.includes(words), result.reason.message);
}

Deno.test("a client with another secret is refused, and told so", async () => {
  for (const secret of [OTHER_SECRET, NO_SECRET]) {
    const [client, server] = await meet({ ...resumeClient, secret }, resumeServer);
    assertRefused(client, EndCode.proof, "proof does not hold");
    assertRefused(server, EndCode.proof, "proof does not hold");
  }
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

/** A connection whose bytes are recorded, each direction for itself, and can be changed on their way. */
function tapped(change: { toServer?: number; toClient?: number } = {}) {
  const left = memoryPipe();
  const right = memoryPipe();
  const record = { toServer: new Uint8Array(0), toClient: new Uint8Array(0) };
  const close = () => [left.a, left.b, right.a, right.b].forEach((end) => end.close());
  const carry = async (from: Duplex, to: Duplex, direction: "toServer" | "toClient") => {
    const into = new Uint8Array(4096);
    for (let count = await from.read(into); count !== null; count = await from.read(into)) {
      const at = record[direction].length;
      record[direction] = concat([record[direction], into.subarray(0, count)]);
      const target = change[direction] ?? -1;
      if (target >= at && target < at + count) into[target - at] ^= 0x20;
      await to.write(into.slice(0, count));
    }
  };
  carry(left.b, right.a, "toServer").catch(() => {});
  carry(right.a, left.b, "toClient").catch(() => {});
  return { ends: [left.a, right.b] as [Duplex, Duplex], record, close };
}

/** Passes a handshake on, with the same bytes put behind the challenge and in front of the commit. */
async function splice(near: Duplex, far: Duplex, carried: Uint8Array): Promise<void> {
  const [client, server] = [new HandshakeChannel(near), new HandshakeChannel(far)];
  await server.send(await client.receive());
  await client.send(concat([await server.receive(), carried]));
  await server.send(concat([carried, await client.receive()]));
  await client.send(await server.receive());
}

Deno.test("a commit cannot be replaced by bytes that both ends see, each in another message", async () => {
  const forged = encodeCommit({ ...RESUME, attempt: 2 ** 32 - 1, fields: new Map() });
  for (const carried of [forged, new Uint8Array([0]), SECRET]) {
    const [left, right] = [memoryPipe(), memoryPipe()];
    const meeting = meet(resumeClient, resumeServer, [left.a, right.b]);
    splice(left.b, right.a, carried).catch(() => {});
    await settle();
    for (const end of [left.b, right.a]) end.close();
    const [client, server] = await meeting;
    assertEquals([client.status, server.status], ["rejected", "rejected"]);
  }
});

Deno.test("a transcript knows where each message ends", () => {
  const parts = [[[1, 2], [3]], [[1], [2, 3]], [[1, 2, 3]], [[1, 2, 3], []], [[], [1, 2, 3]]];
  const all = parts.map((messages) => Transcript.of(...messages.map((bytes) => new Uint8Array(bytes))).bytes.join());
  assertEquals(new Set(all).size, parts.length);
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

Deno.test("a recorded handshake played again is refused by server and client", async () => {
  for (const [client, server] of [[newClient, newServer], [resumeClient, resumeServer]] as const) {
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
  await meetWell(resumeClient, resumeServer, ends);
  close();
  const run = async (change: { toServer?: number; toClient?: number }) => {
    const wire = tapped(change);
    const meeting = meet(resumeClient, resumeServer, wire.ends);
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
  await meetWell(resumeClient, resumeServer, ends);
  close();
  for (let length = 0; length < record.toServer.length; length++) {
    const { a, b } = memoryPipe();
    const serving = serve(b, resumeServer);
    await a.write(record.toServer.subarray(0, length));
    await a.closeWrite();
    const error = await assertRejects(() => serving, TeleError, "closed the connection during the handshake");
    assertEquals(error.code, "carrier-lost");
  }
  for (let length = 0; length < record.toClient.length; length++) {
    const { a, b } = memoryPipe();
    const attaching = attach(a, resumeClient);
    await b.write(record.toClient.subarray(0, length));
    await b.closeWrite();
    const error = await assertRejects(() => attaching, TeleError, "closed the connection during the handshake");
    assertEquals(error.code, "carrier-lost");
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

Deno.test("a frame above 2 KiB is refused from its length alone, one of 2 KiB is taken", async () => {
  for (const length of [MAX_HANDSHAKE_FRAME_BYTES + 1, 0x7fff_ffff, 0xffff_ffff]) {
    const header = new Uint8Array(4);
    new DataView(header.buffer).setUint32(0, length);
    for (const side of ["server", "client"]) {
      const { a, b } = memoryPipe();
      await (side === "server" ? a : b).write(header);
      const meeting = side === "server" ? serve(b, newServer) : attach(a, newClient);
      const error = await assertRejects(() => meeting, TeleError, `a frame of ${length} bytes`);
      assertEquals(error.code, "protocol");
    }
  }
  const { a, b } = memoryPipe();
  const largest = new Uint8Array(MAX_HANDSHAKE_FRAME_BYTES).map((_, i) => i);
  await a.write(concat([framed(largest), framed(largest)]));
  const channel = new HandshakeChannel(b);
  assertEquals([await channel.receive(), await channel.receive()], [largest, largest]);
});

Deno.test("garbage, an HTTP request and a TLS hello are no handshake", async () => {
  for (const bytes of ["GET / HTTP/1.1\r\nHost: a\r\n\r\n", "\x16\x03\x01\x02\x00\x01\x00", "\0\0\0\x05hello"]) {
    const { a, b } = memoryPipe();
    await a.write(new TextEncoder().encode(bytes));
    const error = await assertRejects(() => serve(b, newServer), TeleError);
    assertEquals(error.code, "protocol");
  }
});

/** The first bytes of others, as their servers or clients sent them, in Latin-1. */
const FOREIGN_SERVERS: [string, string][] = [
  ["SSH-2.0-OpenSSH_9.2p1 Debian-2+deb12u3\r\n", "an SSH server"],
  ["HTTP/1.1 400 Bad Request\r\nServer: nginx\r\n", "a web (HTTP) server"],
  ["<!DOCTYPE HTML>\n<html lang='en'>", "a web (HTTP) server"],
  ["220 mail.example.com ESMTP Postfix\r\n", "a mail or FTP server"],
  ["* OK [CAPABILITY IMAP4rev1] ready\r\n", "an IMAP server"],
  ["+OK POP3 ready\r\n", "a POP3 server"],
  ["-ERR unknown command\r\n", "a Redis server"],
  ["E\0\0\0\x8dSFATAL\0VFATAL\0C0A000\0", "a PostgreSQL server"],
  ["\x4a\0\0\0\x0a8.0.36\0\x08\0\0\0", "a MySQL or MariaDB server"],
  ["\x46\0\0\0\xff\x6a\x04Host '10.0.0.1' is not allowed", "a MySQL or MariaDB server"],
  ['INFO {"server_id":"N"} \r\n', "a NATS server"],
  ["RFB 003.008\n", "a VNC server"],
  ["@RSYNCD: 31.0 sha512\n", "an rsync server"],
  ["\xff\xfd\x18\xff\xfd\x20", "a Telnet server"],
];
const FOREIGN_CLIENTS: [string, string][] = [
  ["SSH-2.0-OpenSSH_9.2p1\r\n", "an SSH client"],
  ["GET / HTTP/1.1\r\nHost: a\r\n\r\n", "a web (HTTP) client"],
  ["CONNECT a:443 HTTP/1.1\r\n", "a web (HTTP) client"],
  ["EHLO me\r\n", "a mail or FTP client"],
  ["*2\r\n$7\r\nCOMMAND\r\n$4\r\nDOCS\r\n", "a Redis client"],
  ["\0\0\0\x08\x04\xd2\x16\x2f", "a PostgreSQL client"],
  ["\0\0\0\x29\0\x03\0\0user\0tele\0", "a PostgreSQL client"],
  ["AMQP\0\0\x09\x01", "an AMQP client"],
];

/** What balancers put in front of their clients' bytes, in both versions. */
const PROXY_HEADERS = [
  "PROXY TCP4 192.0.2.1 192.0.2.2 51000 40300\r\n\0\0\0\x48\x01tele",
  "PROXY UNKNOWN\r\n",
  "\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x0c\xc0\0\x02\x01\xc0\0\x02\x02\xc7\x38\x9d\x6c",
];

Deno.test("a PROXY header in front of a client's hello is told, with what to switch off", async () => {
  for (const header of PROXY_HEADERS) {
    const { a, b } = memoryPipe();
    await a.write(latin1(header));
    const error = await assertRejects(() => serve(b, newServer), TeleError, "a PROXY header comes first");
    assertEquals(error.code, "protocol");
  }
});

/** Text as bytes, one for each character. */
const latin1 = (text: string) => Uint8Array.from(text, (character) => character.charCodeAt(0));

Deno.test("who answers in a tele server's place, or comes in a client's, is named", async () => {
  for (const [greeting, name] of FOREIGN_SERVERS) {
    const { a, b } = memoryPipe();
    await b.write(latin1(greeting));
    const error = await assertRejects(
      () => attach(a, newClient),
      TeleError,
      `: ${name} answers there, not a tele server`,
    );
    // Waiting does not mend it, but for a hotel's portal.
    assertEquals(error.code, name.includes("HTTP") ? "protocol" : "refused");
  }
  for (const [greeting, name] of FOREIGN_CLIENTS) {
    const { a, b } = memoryPipe();
    await a.write(latin1(greeting));
    const error = await assertRejects(() => serve(b, newServer), TeleError, `${name} speaks here: users' programs`);
    assertEquals(error.code, "protocol");
  }
});

Deno.test("TLS where there should be none is named, with the option that helps", async () => {
  const clientHello = new Uint8Array([0x16, 3, 1, 2, 0, 1, 0, 1, 0xfc]);
  const alert = new Uint8Array([0x15, 3, 3, 0, 2, 2, 50]);
  const { a, b } = memoryPipe();
  await a.write(clientHello);
  await assertRejects(() => serve(b, newServer), TeleError, "the client speaks TLS, this tele server does not");
  const { a: near, b: far } = memoryPipe();
  await far.write(alert);
  await assertRejects(() => attach(near, newClient), TeleError, "the server speaks TLS: start the client with --tls");
});

Deno.test("a commit of a kind that does not follow from the hello is a protocol error", async () => {
  const known = await meet({ ...newClient, sessionId: SESSION_ID }, resumeServer);
  const unknown = await meet(resumeClient, { ...newServer, status: "unknown" });
  for (const [client, server] of [known, unknown]) {
    assertRefused(client, EndCode.protocol, "does not follow");
    assert(server.status === "rejected" && server.reason.code === "protocol");
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

Deno.test("session bytes that come with the accept are kept, whole frames and parts of one", async () => {
  for (const behind of [[0, 0, 0, 2, 0x10, 7], [0, 0], [0, 0, 0, 200, 0x10, 1, 2, 3], []]) {
    const { a, b } = memoryPipe();
    const { accepted } = await meetWell(newClient, { ...newServer, behind: new Uint8Array(behind) }, [a, b]);
    assertEquals([...accepted.leftover], behind);
  }
});

Deno.test("a channel knows whether the peer sent anything at all", async () => {
  const { a, b } = memoryPipe();
  const channel = new HandshakeChannel(b);
  assertEquals(channel.heardAnything, false);
  await a.write(new Uint8Array([0]));
  await a.closeWrite();
  await assertRejects(() => channel.receive(), TeleError);
  assertEquals(channel.heardAnything, true);
});
