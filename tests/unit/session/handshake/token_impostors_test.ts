/** Who has no token learns nothing of it, and gets neither side to attach or to end anything. */
import { concat } from "@std/bytes/concat";
import { assertEquals, assertGreaterOrEqual } from "@std/assert";
import type { Duplex } from "../../../../lib/net/duplex.ts";
import { FrameType, TOKEN_REFUSAL_DELAY_MS } from "../../../../lib/session/session_constants.ts";
import { ClientHandshake } from "../../../../lib/session/handshake/client_handshake.ts";
import { HandshakeChannel } from "../../../../lib/session/handshake/channel.ts";
import { ServerHandshake } from "../../../../lib/session/handshake/server_handshake.ts";
import { encodeChallenge, encodeCommit, encodeHello } from "../../../../lib/session/handshake/messages.ts";
import { guardedField } from "../../../../lib/session/handshake/fields.ts";
import { tokenSalt } from "../../../../lib/session/handshake/token.ts";
import { settle } from "../../../support/fake_clock.ts";
import { memoryPipe } from "../../../support/memory_pipe.ts";
import { SessionWorld } from "../../../support/session_world.ts";
import { connect, guarded, NEW, OTHER, TOKEN } from "../../../support/tokens.ts";

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
  const world = new SessionWorld({ server: { token } });
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
    const world = new SessionWorld({ client: { token: TOKEN }, server: { token: TOKEN } });
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
  const world = await SessionWorld.attached(guarded());
  for (const salt of [new Uint8Array(0), await tokenSalt(OTHER)]) {
    let commits = 0;
    const impostor = async (duplex: Duplex) => {
      const handshake = new ServerHandshake(duplex, true);
      await handshake.hello();
      await handshake.challenge("unknown");
      // The keys are made although the proof does not hold, and so the impostor's accept is as good as it can be.
      await handshake.commit(() => salt).catch(() => {});
      commits++;
      const accept = await handshake.accept({ sessionId: new Uint8Array(16), number: 0, fields: new Map() });
      await handshake.channel.send(accept);
    };
    world.onConnection = (duplex) => void impostor(duplex).catch(() => {});
    world.network.cut();
    await world.clock.advance(4_000);
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
