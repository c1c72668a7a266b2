import { concat } from "@std/bytes/concat";
import {
  assert,
  assertEquals,
  assertGreaterOrEqual,
  assertRejects,
  assertStringIncludes,
  assertThrows,
} from "@std/assert";
import { encodeHex } from "@std/encoding/hex";
import type { Duplex } from "../../../../lib/net/duplex.ts";
import { TeleError } from "../../../../lib/net/error.ts";
import { duplexPair } from "../../../../lib/net/pipe.ts";
import { streamsFromDuplex } from "../../../../lib/net/web.ts";
import { connectSession, serveSessions } from "../../../../lib/mux/web_link.ts";
import {
  EndCode,
  FrameType,
  MAX_TOKEN_BYTES,
  TOKEN_REFUSAL_DELAY_MS,
} from "../../../../lib/session/session_constants.ts";
import { ClientHandshake } from "../../../../lib/session/handshake/client_handshake.ts";
import { HandshakeChannel } from "../../../../lib/session/handshake/channel.ts";
import { ServerHandshake } from "../../../../lib/session/handshake/server_handshake.ts";
import { type Commit, encodeChallenge, encodeCommit, encodeHello } from "../../../../lib/session/handshake/messages.ts";
import { decodeEnding, RefusalError } from "../../../../lib/session/ending.ts";
import { guardedField } from "../../../../lib/session/handshake/fields.ts";
import { MOST_HANDSHAKES } from "../../../../lib/session/strangers.ts";
import { tokenSalt } from "../../../../lib/session/handshake/token.ts";
import { settle } from "../../../support/fake_clock.ts";
import { type MemoryPipe, memoryPipe } from "../../../support/memory_network.ts";
import { World, type WorldOptions } from "../../../support/session_world.ts";

const TOKEN = new TextEncoder().encode("the right token, 27 letters");
const OTHER = new TextEncoder().encode("another one, of as many too");
const NEW: Commit = { kind: "new", attempt: 0, received: 0, fields: new Map() };

/** Both ends have the token, unless `client` or `server` says otherwise. */
function guarded({ client = TOKEN, server = TOKEN }: { client?: Uint8Array; server?: Uint8Array } = {}): WorldOptions {
  return { client: { token: client }, server: { token: server } };
}

/** A world with two kinds of tokens; `undefined` is none. */
function worldOf(client: Uint8Array | undefined, server: Uint8Array | undefined): World {
  return new World({ client: { token: client }, server: { token: server } });
}

/** A connection to the server from `peer`. */
function connect(world: World, peer = "198.51.100.7:1000"): MemoryPipe {
  const pipe = memoryPipe({ names: [peer, "server"], clock: world.clock });
  world.toServer(pipe.b);
  return pipe;
}

/** Asks for a new session with `token`; the refusal that comes, or `undefined` once it is granted. */
async function ask({ a }: MemoryPipe, token: Uint8Array | undefined): Promise<RefusalError | undefined> {
  try {
    const handshake = await ClientHandshake.begin(a, undefined, token !== undefined);
    await handshake.commit(NEW, await tokenSalt(token));
    return undefined;
  } catch (error) {
    assert(error instanceof RefusalError, String(error));
    return error;
  }
}

/** No line and no message shows the token, or what is derived from it, in any usual spelling. */
async function assertSecret(texts: string[]): Promise<void> {
  const all = texts.join("\n");
  for (const token of [TOKEN, OTHER]) {
    for (const secret of [token, await tokenSalt(token)]) {
      const base64 = btoa(String.fromCharCode(...secret)).replaceAll("=", "");
      const spellings = [new TextDecoder().decode(secret), encodeHex(secret), base64, String(secret)];
      for (const spelling of spellings) assert(!all.includes(spelling), all);
    }
  }
}

Deno.test("with the same token on both sides a session begins, resumes and begins anew", async () => {
  const world = await World.attached(guarded());
  world.network.cut();
  await world.exchange(1000);
  assertEquals(world.linesWith("resumed after").length, 2);
  world.assertUnbroken();
  world.restartServer();
  await world.untilAttached();
  await world.exchange(1000);
  assertEquals(world.clientUsers.map((user) => user.error?.code), ["unknown-session", undefined]);
  await assertSecret(world.lines);
  await world.end();
});

/** What stands in the logs when the tokens of client and server are these. */
const MISMATCHES: { name: string; client?: Uint8Array; server?: Uint8Array; told: string; logged: string }[] = [
  {
    name: "another token",
    client: OTHER,
    server: TOKEN,
    told: "the token is not the tele server's: set TELE_TOKEN or --token-file on this side to the server's",
    logged: "the tele client's token is not this server's: set TELE_TOKEN or --token-file to the same on both sides",
  },
  {
    name: "no token at the client",
    server: TOKEN,
    told: "the tele server wants a token: set TELE_TOKEN or --token-file on this side to the server's",
    logged: "the tele client has no token: set TELE_TOKEN or --token-file on its side to this server's",
  },
  {
    name: "no token at the server",
    client: TOKEN,
    told: "the tele server has no token, this side has one: " +
      "start the server with TELE_TOKEN or --token-file set to this side's, or this side without a token",
    logged: "the tele client has a token, this tele server has none: " +
      "start the server with TELE_TOKEN or --token-file set to the client's, or the client without a token",
  },
];

for (const { name, client, server, told, logged } of MISMATCHES) {
  Deno.test(`${name}: refused a second late, in one line on each side, and no user's server is reached`, async () => {
    const world = worldOf(client, server);
    const user = world.here;
    await world.clock.advance(TOKEN_REFUSAL_DELAY_MS - 1);
    assertEquals([user.error, world.linesWith("client warn").length], [undefined, 0]);
    await world.clock.advance(1);
    assertEquals([user.error?.code, user.error?.message], ["refused", told]);
    await world.clock.advance(8_000);
    assert(world.network.dials > 4, "it goes on trying");
    assertEquals(world.linesWith("client warn"), [`client warn: no tele server yet: ${told}; trying again`]);
    assertEquals(world.linesWith("server warn"), [
      `server warn: carrier from memory:a ended before it was attached: ${logged}`,
    ]);
    assertEquals([world.serverUsers.length, world.server.sessionCount, world.client.isAttached], [0, 0, false]);
    await assertSecret([...world.lines, String(user.error)]);
    await world.end();
    assertEquals(world.clock.pendingTimers, 0);
  });

  Deno.test(`${name}, met in an outage, ends nothing`, async () => {
    const world = await World.attached({ client: { token: client }, server: { token: client } });
    const right = world.server;
    world.server = new World({ server: { token: server, clock: world.clock } }).server;
    world.network.cut();
    await world.clock.advance(30_000);
    assertEquals(world.linesWith(`not resumed yet: ${told}`).length, 1);
    world.assertUnbroken();
    world.server = right;
    await world.untilAttached();
    await world.exchange(1000);
    world.assertUnbroken();
    await world.end();
  });
}

Deno.test("tokens that are too short, too long or empty are refused when they are given", () => {
  const links = [
    (token: Uint8Array) => serveSessions({ token, onStream: () => {} }),
    (token: Uint8Array) => connectSession({ token, dial: () => new Promise(() => {}) }),
  ];
  for (const link of links) {
    for (
      const [length, words] of [[0, "is empty"], [15, "has 15 bytes, at least 16"], [4097, "more than 4096"]] as const
    ) {
      const error = assertThrows(() => link(new Uint8Array(length).fill(0x61)), TeleError, words);
      assertEquals(error.code, "bad-input");
      assertStringIncludes(error.message, "`tele --make-token` prints a good one");
      assert(!error.message.includes("aaa"));
    }
  }
});

Deno.test("the longest and the shortest token work", async () => {
  for (const token of [new Uint8Array(16), new Uint8Array(MAX_TOKEN_BYTES)]) {
    const world = await World.attached(guarded({ client: token, server: token }));
    await world.end();
  }
});

Deno.test("while one is kept waiting for its refusal, a client from the same address gets its session at once", async () => {
  const world = new World({ server: { token: TOKEN } });
  const refusals = [OTHER, undefined].map((token) => ask(connect(world), token));
  await world.clock.advance(10);
  assertEquals(await ask(connect(world), TOKEN), undefined);
  assertEquals(world.server.sessionCount, 1);
  await world.clock.advance(TOKEN_REFUSAL_DELAY_MS);
  for (const refusal of await Promise.all(refusals)) assertEquals(refusal?.endCode, EndCode.token);
  assertEquals([world.server.sessionCount, world.there.error], [1, undefined]);
  await world.end();
});

Deno.test("fifty wrong tokens at once delay nobody, and are two lines in the log", async () => {
  const world = await World.attached(guarded());
  const refusals = Array.from({ length: 50 }, (_, at) => ask(connect(world, `198.51.100.7:${at}`), OTHER));
  await settle();
  const startMs = world.clock.now();
  await world.exchange(1000);
  assertEquals(await ask(connect(world), TOKEN), undefined);
  assertEquals(world.clock.now() - startMs < 100, true, "the refusals are still waiting");
  await world.clock.advance(TOKEN_REFUSAL_DELAY_MS);
  assertEquals((await Promise.all(refusals)).map((refusal) => refusal?.endCode), Array(50).fill(EndCode.token));
  await world.clock.advance(60_000);
  assertEquals(world.linesWith("token is not this server's").length, 1);
  assertEquals(world.linesWith("49 more carriers ended before they were attached in the last minute").length, 1);
  await world.end();
});

Deno.test("more wrong tokens than strangers may be: those make room, not a client that is slow", async () => {
  const world = new World({ server: { token: TOKEN } });
  const slow = connect(world);
  const handshake = ClientHandshake.begin(slow.a, undefined, true);
  await settle();
  const flood: MemoryPipe[] = [];
  const refusals: Promise<unknown>[] = [];
  for (let at = 0; at < MOST_HANDSHAKES + 20; at++) {
    const pipe = connect(world);
    flood.push(pipe);
    refusals.push(ClientHandshake.begin(pipe.a).catch((error) => error));
    if (at % 100 === 0) await settle();
  }
  await settle();
  const last = Array.from({ length: 5 }, () => connect(world));
  await settle();
  assertEquals(flood.filter((pipe) => pipe.isOver).length >= 5, true);
  assertEquals([slow, ...last].map((pipe) => pipe.isOver), Array(6).fill(false));
  await (await handshake).commit(NEW, await tokenSalt(TOKEN));
  assertEquals(world.server.sessionCount, 1);
  await world.clock.advance(TOKEN_REFUSAL_DELAY_MS);
  for (const refusal of await Promise.all(refusals)) assert(refusal instanceof TeleError);
  await world.end();
});

Deno.test("a server that ends keeps nobody waiting", async () => {
  const world = new World({ server: { token: TOKEN } });
  const refused = ClientHandshake.begin(connect(world).a).catch((error) => error);
  await settle();
  await world.server.stop("done");
  await settle();
  assert(await refused instanceof TeleError);
  assertEquals(world.clock.pendingTimers, 0);
});

// What stands on the wire.

/** Random numbers and key pairs that are the same each time, until disposed of. */
function withoutChance(): Disposable {
  const { subtle } = crypto;
  const prototype = SubtleCrypto.prototype as unknown as { generateKey: unknown };
  const { generateKey } = prototype;
  const pair = subtle.generateKey({ name: "X25519" }, true, ["deriveBits"]);
  prototype.generateKey = () => pair;
  const getRandomValues = (into: Uint8Array) => into.fill(7);
  Object.defineProperty(crypto, "getRandomValues", { value: getRandomValues, configurable: true });
  return {
    [Symbol.dispose]() {
      prototype.generateKey = generateKey;
      delete (crypto as { getRandomValues?: unknown }).getRandomValues;
    },
  };
}

/** All that a server with `token` says to one who asks, and then proves nothing. */
async function saidBeforeProof(token: Uint8Array): Promise<Uint8Array> {
  const world = new World({ server: { token } });
  const { a } = connect(world);
  const channel = new HandshakeChannel(a);
  const key = new Uint8Array(32).fill(9);
  await channel.send(encodeHello({ kind: "new", nonce: key, publicKey: key, fields: guardedField(true) }));
  const challenge = await channel.receive();
  await channel.send(concat([encodeCommit(NEW), key]));
  const refuse = channel.receive();
  await world.clock.advance(TOKEN_REFUSAL_DELAY_MS);
  const said = concat([challenge, await refuse]);
  assertEquals(await a.read(new Uint8Array(1)), null);
  await world.end();
  return said;
}

Deno.test("before the client's proof a server says the same whatever its token is", async () => {
  using _ = withoutChance();
  const [one, other, again] = [
    await saidBeforeProof(TOKEN),
    await saidBeforeProof(OTHER),
    await saidBeforeProof(TOKEN),
  ];
  assertEquals(one, again, "nothing is left to chance");
  assertEquals(one, other);
  assertEquals([one[0], one[68 + 4]], [FrameType.challenge, FrameType.refuse]);
});

Deno.test("a client with a token never commits to a server that says it has none", async () => {
  for (const [status, resumes] of [["ready", false], ["ready", true], ["unknown", true]] as const) {
    const world = new World({ client: { token: TOKEN }, server: { token: TOKEN } });
    if (resumes) {
      await world.untilAttached();
      await world.exchange(100);
    }
    const came: Uint8Array[] = [];
    const impostor = async (duplex: Duplex) => {
      const channel = new HandshakeChannel(duplex);
      await channel.receive();
      const key = new Uint8Array(32).fill(9);
      await channel.send(encodeChallenge({ status, nonce: key, publicKey: key, fields: new Map() }));
      came.push(await channel.receive());
    };
    world.onConnection = (duplex) => void impostor(duplex).catch(() => {});
    world.client;
    world.network.cut();
    await world.clock.advance(5_000);
    assertGreaterOrEqual(world.network.dials, 2);
    assertEquals(came, []);
    assertEquals(world.linesWith("the tele server has no token, this side has one").length, 1);
    if (resumes) world.assertUnbroken();
    else assertEquals(world.clientUsers[0].error?.code, "refused");
    await world.end();
  }
});

Deno.test("a wrong token that is refused later than others answer is told as that, in one line, and not as silence", async () => {
  const world = worldOf(OTHER, TOKEN);
  // A busy server: its refusal is under way for longer than the challenge was.
  world.network.onPipe = ({ bToA }, index) => {
    if (index === 0) world.clock.setTimer(() => bToA.delayMs = 700, 100);
  };
  world.client;
  await world.clock.advance(8_000);
  const lines = world.linesWith("client warn");
  assertEquals(lines.length, 1);
  assertStringIncludes(lines[0]!, "no tele server yet: the token is not the tele server's");
  assertEquals(world.clientUsers[0]!.error?.code, "refused");
  await world.end();
});

Deno.test("a renewed token is the one of new sessions; a session that is there goes on, also over an outage", async () => {
  const world = await World.attached({ client: { token: TOKEN }, server: { token: TOKEN } });
  world.server.renewToken(OTHER);
  await world.exchange(100);
  world.network.cut();
  await world.untilAttached();
  await world.exchange(100);
  world.assertUnbroken();

  // A client that has the former only: not let in, as any other with a wrong token, until its file is renewed too.
  const late = world.addClient();
  await world.clock.advance(5_000);
  assertEquals(late.isAttached, false);
  assertEquals(world.linesWith("client warn: no tele server yet: the token is not the tele server's").length, 1);
  // A user comes while an attempt with the former token is about to be refused: that is no verdict on the new one.
  late.hurry();
  await world.clock.advance(TOKEN_REFUSAL_DELAY_MS - 100);
  const user = late.user;
  late.renewToken(OTHER);
  await world.clock.advance(300);
  assert(late.isAttached, "it tries at once");
  assertEquals([late.user === user, user.error], [true, undefined]);
  assertEquals([world.here.error, world.serverUsers[0].error], [undefined, undefined], "the first session goes on");
  await world.end();
});

Deno.test("a token cannot come or go while a server or client runs, nor be a bad one", async () => {
  for (const token of [undefined, TOKEN]) {
    const world = new World({ client: { token }, server: { token } });
    await world.untilAttached();
    for (const end of [world.client, world.server]) {
      const words = token === undefined ? "no token before" : "at least 16";
      const renewed = token === undefined ? OTHER : new Uint8Array(3);
      assertEquals(assertThrows(() => end.renewToken(renewed), TeleError, words).code, "bad-input");
    }
    await world.exchange(10);
    await world.end();
  }
});

Deno.test("a middleman who takes the field away, or puts it there, gets neither side to attach", async () => {
  for (const [client, server] of [[true, false], [false, true], [true, true]]) {
    const [toClient, toServer] = [memoryPipe(), memoryPipe()];
    const [salt, none] = [await tokenSalt(TOKEN), new Uint8Array(0)];
    const begun = ClientHandshake.begin(toClient.a, undefined, client)
      .then((handshake) => handshake.commit(NEW, client ? salt : none));
    const serving = new ServerHandshake(toServer.b, server);
    const served = serving.hello().then(() => serving.challenge("ready"))
      .then(() => serving.commit(() => server ? salt : none));
    const results = Promise.allSettled([begun, served]);
    const [left, right] = [new HandshakeChannel(toClient.b), new HandshakeChannel(toServer.a)];
    // The field is four bytes behind the count of fields. Where both sides are alike, a field that nobody knows is new.
    const spoil = client === server ? [3, 132, 0, 0] : [];
    const withField = (bytes: Uint8Array, isThere: boolean) => {
      const bare = bytes.slice(0, bytes[0] === FrameType.hello ? 71 : 67);
      const list = [...isThere ? [0, 4, 0, 0] : [], ...spoil];
      return concat([bare, new Uint8Array([list.length / 4, ...list])]);
    };
    await right.send(withField(await left.receive(), server!));
    await left.send(withField(await right.receive(), client!));
    await right.send(await left.receive());
    await settle();
    toClient.cut();
    toServer.cut();
    assertEquals((await results).map(({ status }) => status), ["rejected", "rejected"]);
  }
});

Deno.test("an impostor without the token that answers `unknown` and takes any proof ends nothing", async () => {
  const world = await World.attached(guarded());
  for (const salt of [new Uint8Array(0), await tokenSalt(OTHER)]) {
    let commits = 0;
    const impostor = async (duplex: Duplex) => {
      const handshake = new ServerHandshake(duplex, true);
      await handshake.hello();
      await handshake.challenge("unknown");
      // The keys are made although the proof does not hold, and so the impostor's accept is as good as it can be.
      await handshake.commit(() => salt).catch(() => {});
      commits++;
      const accept = await handshake.accept({ sessionId: new Uint8Array(16), received: 0, fields: new Map() });
      await handshake.channel.send(accept);
    };
    world.onConnection = (duplex) => void impostor(duplex).catch(() => {});
    world.network.cut();
    await world.clock.advance(10_000);
    assertGreaterOrEqual(commits, 2);
    world.assertUnbroken();
    assertEquals(world.linesWith("this is not a server that has what this side has").length > 0, true);
    world.onConnection = world.toServer;
    await world.untilAttached();
    await world.exchange(1000);
    world.assertUnbroken();
  }
  await world.end();
});

// Recorded carriers.

/** What went over one carrier. */
interface Recording {
  fromClient: Uint8Array;
  fromServer: Uint8Array;
}

/** The server's end of a carrier, with everything on it kept. */
function recorded(duplex: Duplex, recording: Recording): Duplex {
  return {
    peer: duplex.peer,
    async read(into) {
      const count = await duplex.read(into);
      recording.fromClient = concat([recording.fromClient, into.slice(0, count ?? 0)]);
      return count;
    },
    async write(bytes) {
      recording.fromServer = concat([recording.fromServer, bytes]);
      await duplex.write(bytes);
    },
    closeWrite: () => duplex.closeWrite(),
    abort: (reason) => duplex.abort(reason),
    close: () => duplex.close(),
  };
}

/** A client and a server whose two carriers, that of the new session and that of its resume, were recorded. */
async function recordedWorld(token: Uint8Array | undefined) {
  const recordings: Recording[] = [];
  const world = new World({ client: { token }, server: { token } });
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
      await world.clock.advance(15_000);
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

Deno.test("a resume whose proof does not hold is answered a second late too, and its session goes on", async () => {
  const world = await World.attached(guarded());
  const sessionId = world.here.session!.id;
  const startMs = world.clock.now();
  const guess = ClientHandshake.begin(connect(world).a, sessionId, true)
    .then((handshake) => handshake.commit({ ...NEW, kind: "resume", attempt: 99 }, new Uint8Array(32)))
    .then(() => undefined, (error) => ({ error, atMs: world.clock.now() }));
  await world.clock.advance(2_000);
  const { error, atMs } = (await guess)!;
  assertEquals([error.endCode, atMs - startMs], [EndCode.proof, TOKEN_REFUSAL_DELAY_MS]);
  await world.exchange(1000);
  world.assertUnbroken();
  await world.end();
});

Deno.test("without a token on either side a proof that does not hold is answered at once, as ever", async () => {
  const world = await World.attached();
  const { a } = connect(world);
  const refused = ClientHandshake.begin(a)
    .then((handshake) => handshake.commit(NEW, new Uint8Array(32).fill(1)))
    .catch((error) => error);
  await world.clock.advance(1);
  assertEquals((await refused).endCode, EndCode.proof);
  await world.end();
});

Deno.test("the library takes a token at both ends", async () => {
  for (const [token, isRight] of [[TOKEN, true], [OTHER, false]] as const) {
    let served = 0;
    const server = serveSessions({
      token: TOKEN,
      onStream: ({ readable, writable }) => (served++, readable.pipeTo(writable)),
    });
    const dial = () => {
      const [near, far] = duplexPair();
      server.accept(streamsFromDuplex(far));
      return Promise.resolve(streamsFromDuplex(near));
    };
    const client = connectSession({ token, dial });
    const { readable, writable } = client.open();
    const [writer, reader] = [writable.getWriter(), readable.getReader()];
    const written = writer.write(new Uint8Array([1, 2, 3]));
    if (isRight) {
      assertEquals((await reader.read()).value, new Uint8Array([1, 2, 3]));
      await writer.close();
      assertEquals((await reader.read()).done, true);
    } else {
      await assertRejects(() => reader.read(), Error, "the token is not the tele server's");
    }
    await written.catch(() => {});
    assertEquals(served, isRight ? 1 : 0);
    await client.close();
    await server.close();
    // The next attempt may have been computing its proof.
    await settle();
  }
});
