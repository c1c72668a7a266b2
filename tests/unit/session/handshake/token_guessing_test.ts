/** Who guesses a token waits for each answer, and nobody else does. */
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { TeleError } from "../../../../lib/net/error.ts";
import { EndCode, TOKEN_REFUSAL_DELAY_MS } from "../../../../lib/session/session_constants.ts";
import { ClientHandshake } from "../../../../lib/session/handshake/client_handshake.ts";
import { MOST_HANDSHAKES } from "../../../../lib/session/strangers.ts";
import { tokenSalt } from "../../../../lib/session/handshake/token.ts";
import { settle } from "../../../support/fake_clock.ts";
import type { MemoryPipe } from "../../../support/memory_pipe.ts";
import { SessionWorld } from "../../../support/session_world.ts";
import { ask, connect, guarded, NEW, OTHER, TOKEN, worldOf } from "../../../support/tokens.ts";

Deno.test("while one is kept waiting for its refusal, a client from the same address gets its session at once", async () => {
  const world = new SessionWorld({ server: { token: TOKEN } });
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
  const world = await SessionWorld.attached(guarded());
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
  const world = new SessionWorld({ server: { token: TOKEN } });
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
  const world = new SessionWorld({ server: { token: TOKEN } });
  const refused = ClientHandshake.begin(connect(world).a).catch((error) => error);
  await settle();
  await world.server.stop("done");
  await settle();
  assert(await refused instanceof TeleError);
  assertEquals(world.clock.pendingTimers, 0);
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
  assertStringIncludes(lines[0]!, `says: "the token is not the tele server's`);
  assertEquals(world.clientUsers[0]!.error?.code, "refused");
  await world.end();
});

Deno.test("a resume whose proof does not hold is answered a second late too, and its session goes on", async () => {
  const world = await SessionWorld.attached(guarded());
  const sessionId = world.here.session!.id;
  const startMs = world.clock.now();
  const guess = ClientHandshake.begin(connect(world).a, sessionId, true)
    .then((handshake) => handshake.commit({ ...NEW, kind: "join", number: 99 }, new Uint8Array(32)))
    .then(() => undefined, (error) => ({ error, atMs: world.clock.now() }));
  await world.clock.advance(2_000);
  const { error, atMs } = (await guess)!;
  assertEquals([error.endCode, atMs - startMs], [EndCode.proof, TOKEN_REFUSAL_DELAY_MS]);
  await world.exchange(1000);
  world.assertUnbroken();
  await world.end();
});

Deno.test("without a token on either side a proof that does not hold is answered at once, as ever", async () => {
  const world = await SessionWorld.attached();
  const { a } = connect(world);
  const refused = ClientHandshake.begin(a)
    .then((handshake) => handshake.commit(NEW, new Uint8Array(32).fill(1)))
    .catch((error) => error);
  await world.clock.advance(1);
  assertEquals((await refused).endCode, EndCode.proof);
  await world.end();
});
