/** Clients that a server knows by the names of their tokens: each is itself, and goes when its line does. */
import { assert, assertEquals, assertGreaterOrEqual, assertLess } from "@std/assert";
import { ClientHandshake } from "../../../lib/session/handshake/client_handshake.ts";
import { nameField } from "../../../lib/session/handshake/fields.ts";
import type { ClientToken } from "../../../lib/session/handshake/own_token.ts";
import { tokenSalt } from "../../../lib/session/handshake/token.ts";
import { EndCode, TOKEN_REFUSAL_DELAY_MS } from "../../../lib/session/session_constants.ts";
import { someIdentity } from "../../support/hand_made.ts";
import { settle } from "../../support/fake_clock.ts";
import { SessionWorld, type SessionWorldOptions } from "../../support/session_world.ts";
import { ALICE, ask, assertSecret, BOB, connect, NEW, OTHER, TOKEN } from "../../support/tokens.ts";

const THIRD = new TextEncoder().encode("a third one, long enough too");
const CAROL = { name: "carol", token: THIRD };
const [AS_ALICE, AS_BOB]: ClientToken[] = [
  { token: TOKEN, tokenName: "alice" },
  { token: OTHER, tokenName: "bob" },
];

/** A server that knows alice and bob, and both with a session, in this order. */
async function bothThere(server: SessionWorldOptions["server"] = {}) {
  const world = new SessionWorld({ server: { tokens: [ALICE, BOB], ...server } });
  const clients = [];
  for (const token of [AS_ALICE, AS_BOB]) {
    clients.push(world.addClient(token));
    await world.clock.advance(100);
  }
  const [alice, bob] = world.serverUsers;
  return { world, alice: alice!, bob: bob!, clients: [clients[0]!, clients[1]!] as const };
}

Deno.test("each client begins and resumes under its name, and the server's lines name it", async () => {
  const { world, alice, bob } = await bothThere();
  world.network.cut();
  await world.clock.advance(5_000);
  assertEquals([alice.error, bob.error, world.server.sessionCount], [undefined, undefined, 2]);
  for (const name of ["alice", "bob"]) {
    for (const words of ["began, from", "lost its link", "resumed after"]) {
      const lines = world.linesWith("server").filter((line) => line.includes(`(${name}) ${words}`));
      assertEquals(lines.length, words === "lost its link" ? 0 : 1, `${name} ${words}\n${world.lines.join("\n")}`);
    }
  }
  await assertSecret(world.lines);
  await world.end();
});

Deno.test("a name that is unknown, and another's token, are refused with the same words at the same time", async () => {
  const world = new SessionWorld({ server: { token: THIRD, tokens: [ALICE] } });
  const told: unknown[] = [];
  const tries: [string | undefined, Uint8Array][] = [["alice", OTHER], ["carol", OTHER], ["carol", TOKEN], [
    undefined,
    TOKEN,
  ]];
  for (const [name, token] of tries) {
    const beganMs = world.clock.now();
    let atMs = 0;
    const refused = ask(connect(world), token, name).finally(() => atMs = world.clock.now());
    await world.clock.advance(TOKEN_REFUSAL_DELAY_MS - 1);
    assertEquals(atMs, 0, "not a moment earlier");
    await world.clock.advance(100);
    const { ending } = (await refused)!;
    assertEquals(ending.code, EndCode.token);
    told.push([ending.message.replace(name ?? "?", "NAME"), atMs - beganMs]);
  }
  assertEquals(told[0], told[1]);
  assertEquals(told[1], told[2]);
  assertEquals(
    (told[0] as unknown[])[0],
    "the token of NAME is not the tele server's: its --token-file needs the line of this side's",
  );
  const lines = world.linesWith("token of the tele client that calls itself carol is not this server's");
  assertEquals(lines.length, 1);
  // Nor does a salt that everybody could know open the door of nobody's name.
  const { a } = connect(world);
  const refusals = [new Uint8Array(0), new Uint8Array(32), await tokenSalt(new TextEncoder().encode("0".repeat(16)))]
    .map(async (salt) => {
      const handshake = await ClientHandshake.begin(connect(world).a, undefined, true);
      return await handshake.commit({ ...NEW, fields: nameField("carol") }, salt).catch((error) => error.endCode);
    });
  await world.clock.advance(TOKEN_REFUSAL_DELAY_MS + 100);
  assertEquals(await Promise.all(refusals), refusals.map(() => EndCode.token));
  a.close();
  await world.end();
});

for (const [how, tokens] of [["removed", [BOB]], ["changed", [{ ...ALICE, token: THIRD }, BOB]]] as const) {
  Deno.test(`a token that is ${how} ends its client's session, which is told, and nobody else's`, async () => {
    const { world, alice, bob, clients } = await bothThere();
    await world.server.renewTokens({ tokens });
    await world.clock.advance(100);
    const why = "the token of alice with which it began was taken out of --token-file, or changed there";
    assertEquals([alice.error?.message, bob.error, world.server.sessionCount], [why, undefined, 1]);
    assertEquals(world.clientUsers[0]!.error?.code, "refused");
    const told =
      "the token of alice with which the session began was withdrawn at the tele server, or may reach less there";
    assertEquals(world.linesWith(`client warn: session ended: ${told}`).length, 1);
    await world.clock.advance(3_000);
    assertEquals(clients.map((client) => client.isAttached), [false, true]);
    assertGreaterOrEqual(world.linesWith('says: "the token of alice is not').length, 1);
    if (how === "changed") {
      clients[0].renewToken(THIRD, "alice");
      await world.clock.advance(3_000);
      assert(clients[0].isAttached, "it has its new line");
    }
    await world.end();
  });
}

Deno.test("a token that goes in an outage ends the session there at once, and here when the network is back", async () => {
  const { world, alice, bob, clients } = await bothThere();
  alice.send(100);
  const here = world.clientUsers[0]!;
  world.network.state = "unreachable";
  world.network.cut();
  await world.clock.advance(1_000);
  assertEquals(world.server.sessionCount, 2);
  await world.server.renewTokens({ tokens: [BOB] });
  assertEquals([alice.error?.code, bob.error, world.server.sessionCount], ["refused", undefined, 1]);
  assertEquals(here.error, undefined);
  world.network.state = "up";
  await world.clock.advance(3_000);
  const told =
    "the token of alice with which the session began was withdrawn at the tele server, or may reach less there";
  assertEquals([here.error?.code, here.error?.message], ["refused", told]);
  assertEquals(world.linesWith(`client warn: session ended: ${told}`).length, 1);
  await world.clock.advance(20_000);
  assertEquals(clients.map((client) => client.isAttached), [false, true]);
  assertEquals([bob.error, world.server.sessionCount], [undefined, 1]);
  assertEquals(world.clock.pendingTimers > 0, true, "it goes on trying for the next users");
  await world.end();
});

Deno.test("that a session was withdrawn is told to its own client alone, and under its own name", async () => {
  const world = new SessionWorld({ server: { tokens: [ALICE, BOB] } });
  const { join } = await byHand(world);
  await world.server.renewTokens({ tokens: [ALICE] });
  for (const name of ["alice", undefined]) {
    const { code } = await join(3, name);
    await world.clock.advance(TOKEN_REFUSAL_DELAY_MS);
    assertEquals(await code, EndCode.proof, name);
  }
  const { pipe, code } = await join(3, "bob");
  await settle();
  assertEquals(await code, 0, "an accept, which is proven");
  await world.clock.advance(1_000);
  assertEquals([world.server.sessionCount, pipe.isOver], [0, true], "and nothing stays of it");
  await world.end();
});

Deno.test("who comes back for a withdrawn session gets a new one under a line that is there again", async () => {
  const { world, clients } = await bothThere();
  world.network.state = "unreachable";
  world.network.cut();
  await world.server.renewTokens({ tokens: [BOB] });
  await world.server.renewTokens({ tokens: [ALICE, BOB] });
  world.network.state = "up";
  await world.clock.advance(5_000);
  assertEquals(clients.map((client) => client.isAttached), [true, true]);
  assertEquals([world.clientUsers[0]!.error?.code, world.server.sessionCount], ["refused", 2]);
  await world.end();
});

Deno.test("the token without a name: renewed beside named ones its sessions go on, taken away they end", async () => {
  const world = new SessionWorld({ server: { token: THIRD, tokens: [ALICE] } });
  for (const token of [{ token: THIRD }, AS_ALICE]) {
    world.addClient(token);
    await world.clock.advance(100);
  }
  const [nameless, alice] = world.serverUsers;
  await world.server.renewTokens({ token: OTHER, tokens: [ALICE] });
  world.network.cut();
  await world.clock.advance(5_000);
  assertEquals([nameless!.error, alice!.error], [undefined, undefined]);
  await world.server.renewTokens({ tokens: [ALICE] });
  await world.clock.advance(100);
  assertEquals([nameless!.error?.code, alice!.error], ["refused", undefined]);
  assertEquals(world.linesWith("the token without a name with which it began was taken out").length, 1);
  await world.end();
});

Deno.test("a token that goes between the proof and the step that attaches lets nobody in", async () => {
  const world: SessionWorld = new SessionWorld({
    server: {
      tokens: [ALICE],
      makeUpper: () => {
        // Only a proof that holds comes so far.
        world.server.renewTokens({ tokens: [] });
        return world.serverUsers[0] ?? world.here;
      },
    },
  });
  const refused = ask(connect(world), TOKEN, "alice");
  await world.clock.advance(TOKEN_REFUSAL_DELAY_MS);
  assertEquals([(await refused)?.endCode, world.server.sessionCount], [EndCode.token, 0]);
  await world.end();
});

Deno.test("who was challenged before a token went commits in vain", async () => {
  const { world } = await bothThere();
  const handshake = await ClientHandshake.begin(connect(world).a, undefined, true);
  await world.server.renewTokens({ tokens: [BOB] });
  const code = handshake.commit({ ...NEW, fields: nameField("alice") }, await tokenSalt(TOKEN))
    .then(() => 0, (error) => error.endCode);
  await world.clock.advance(TOKEN_REFUSAL_DELAY_MS);
  assertEquals([await code, world.server.sessionCount], [EndCode.token, 1]);
  await world.end();
});

/** A session of bob, begun by hand, and a way to join it. */
async function byHand(world: SessionWorld) {
  const first = await ClientHandshake.begin(connect(world).a, undefined, true);
  const { accept, joinSecret } = await first.commit({ ...NEW, fields: nameField("bob") }, await tokenSalt(OTHER));
  await settle();
  const join = async (number: number, name: string | undefined) => {
    const pipe = connect(world);
    const handshake = await ClientHandshake.begin(pipe.a, accept.sessionId, true);
    const commit = { kind: "join" as const, number, lane: "quiet" as const, fields: nameField(name) };
    const code = handshake.commit(commit, joinSecret).then(() => 0, (error) => error.endCode ?? error.code);
    return { pipe, code };
  };
  return { join };
}

Deno.test("a join under another name than the session's is refused like a wrong proof, and harms nobody", async () => {
  const world = new SessionWorld({ server: { token: THIRD, tokens: [ALICE, BOB] } });
  const { join } = await byHand(world);
  for (const [at, name] of ["alice", "carol", undefined].entries()) {
    const { code } = await join(at + 1, name);
    await world.clock.advance(TOKEN_REFUSAL_DELAY_MS);
    assertEquals(await code, EndCode.proof, name);
  }
  const { code } = await join(9, "bob");
  await settle();
  assertEquals([await code, world.server.sessionCount, world.there.error], [0, 1, undefined]);
  await world.end();
});

Deno.test("a join that is under way when its token goes leaves nothing attached", async () => {
  const world = new SessionWorld({ server: { tokens: [ALICE, BOB] } });
  const { join } = await byHand(world);
  const { pipe, code } = await join(1, "bob");
  await world.server.renewTokens({ tokens: [ALICE] });
  await world.clock.advance(TOKEN_REFUSAL_DELAY_MS + 100);
  // Real keys decide which is first: a join that is accepted just before ends with its session.
  await code;
  assertEquals([pipe.isOver, world.server.sessionCount], [true, 0]);
  await world.end();
});

Deno.test("two clients with a copied identity and tokens of their own leave each other alone", async () => {
  const identity = await someIdentity();
  const world = new SessionWorld({ server: { tokens: [ALICE, BOB], maxSessions: 2 } });
  for (const token of [AS_ALICE, AS_BOB]) {
    world.addClient({ ...token, identity });
    await world.clock.advance(1_000);
  }
  assertEquals(world.serverUsers.map(({ error }) => error), [undefined, undefined]);
  // The same client in the next life still ends what it left, and needs no room for that.
  world.network.blackHole();
  world.addClient({ ...AS_BOB, identity });
  await world.clock.advance(100);
  assertEquals(world.serverUsers.map(({ error }) => error === undefined), [true, false, true]);
  await world.end();
});

Deno.test("a client that leaves session after session pushes out its own, and not another's", async () => {
  const { world, alice } = await bothThere({ maxSessions: 5, tokens: [ALICE, BOB, CAROL] });
  world.network.state = "unreachable";
  world.network.cut();
  await world.clock.advance(30 * 60_000);
  for (let at = 0; at < 8; at++) {
    const pipe = connect(world);
    assertEquals(await ask(pipe, OTHER, "bob"), undefined);
    pipe.cut();
    await world.clock.advance(3 * 60_000);
  }
  assertEquals([world.server.sessionCount, alice.error], [5, undefined]);
  assertLess(30 + 8 * 3, 60, "alice's session is not forgotten for its age");
  // Bob holds four of them: who has fewer is let in, for the oldest of his, and bob's next is not for carol's.
  assertEquals(await ask(connect(world), THIRD, "carol"), undefined);
  assertEquals([world.server.sessionCount, alice.error], [5, undefined]);
  await world.end();
});
