/** Tokens: who has the same one gets in, who has none or another is told so. */
import { assert, assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { TeleError } from "../../../../lib/net/error.ts";
import { connectSession, serveSessions } from "../../../../lib/mux/web_link.ts";
import { MAX_TOKEN_BYTES, TOKEN_REFUSAL_DELAY_MS } from "../../../../lib/session/session_constants.ts";
import { SessionWorld } from "../../../support/session_world.ts";
import { assertSecret, guarded, OTHER, quoted, TOKEN, worldOf } from "../../../support/tokens.ts";

Deno.test("with the same token on both sides a session begins, resumes and begins anew", async () => {
  const world = await SessionWorld.attached(guarded());
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

for (const { name, client, server, told: words, logged } of MISMATCHES) {
  const told = quoted(words, client !== undefined);

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
    const world = await SessionWorld.attached({ client: { token: client }, server: { token: client } });
    const right = world.server;
    world.server = new SessionWorld({ server: { token: server, clock: world.clock } }).server;
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
    const world = await SessionWorld.attached(guarded({ client: token, server: token }));
    await world.end();
  }
});

Deno.test("a renewed token is the one of new sessions; a session that is there goes on, also over an outage", async () => {
  const world = await SessionWorld.attached({ client: { token: TOKEN }, server: { token: TOKEN } });
  await world.server.renewTokens({ token: OTHER });
  await world.exchange(100);
  world.network.cut();
  await world.untilAttached();
  await world.exchange(100);
  world.assertUnbroken();

  // A client that has the former only: not let in, as any other with a wrong token, until its file is renewed too.
  const late = world.addClient();
  await world.clock.advance(5_000);
  assertEquals(late.isAttached, false);
  const [line, ...others] = world.linesWith("client warn: no tele server yet: ");
  assertStringIncludes(line!, quoted(MISMATCHES[0].told, true));
  assertEquals(others, []);
  // A user comes while an attempt with the former token is about to be refused: that is no verdict on the new one.
  late.hurry();
  await world.clock.advance(TOKEN_REFUSAL_DELAY_MS - 100);
  const user = late.upper;
  late.renewToken(OTHER);
  await world.clock.advance(300);
  assert(late.isAttached, "it tries at once");
  assertEquals([late.upper === user, user.error], [true, undefined]);
  assertEquals([world.here.error, world.serverUsers[0].error], [undefined, undefined], "the first session goes on");
  await world.end();
});

Deno.test("a token cannot come or go while a server or client runs, nor be a bad one", async () => {
  for (const token of [undefined, TOKEN]) {
    const world = new SessionWorld({ client: { token }, server: { token } });
    await world.untilAttached();
    const words = token === undefined ? "no token before" : "at least 16";
    const renewed = token === undefined ? OTHER : new Uint8Array(3);
    const renewals = [() => world.client.renewToken(renewed), () => world.server.renewTokens({ token: renewed })];
    for (const renew of renewals) assertEquals(assertThrows(renew, TeleError, words).code, "bad-input");
    await world.exchange(10);
    await world.end();
  }
});
