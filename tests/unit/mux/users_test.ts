/** Addresses of users: told where the server wants them and the token vouches for them, and believed nowhere else. */
import { assertEquals } from "@std/assert";
import type { Wanted } from "../../../lib/mux/stream_dials.ts";
import type { Duplex } from "../../../lib/net/duplex.ts";
import { duplexPair } from "../../../lib/net/pipe.ts";
import type { NamedToken } from "../../../lib/session/handshake/token_table.ts";
import { MuxWorld } from "../../support/mux_world.ts";

const USER = "c0000201c0000202c3500016";

/** A user's connection from 192.0.2.1 to port 22 of 192.0.2.2. */
function user(): Duplex {
  const [, far] = duplexPair();
  return Object.assign(far, { peer: "192.0.2.1:50000", localAddress: "192.0.2.2", localPort: 22 });
}

/** A server that wants to be told, or not, whose only client is alice, and what its streams were for. */
function setUp(token: Partial<NamedToken>, wantsUsers = true) {
  const wanted: Wanted[] = [];
  const secret = new Uint8Array(32).fill(7);
  const tokensOf = (more: Partial<NamedToken>) => ({ tokens: [{ name: "alice", token: secret, ...more }] });
  const world = new MuxWorld({
    client: { token: secret, tokenName: "alice" },
    server: {
      ...tokensOf(token),
      wantsUsers,
      dial: (_signal, whom) => {
        wanted.push(whom);
        return Promise.resolve(duplexPair()[0]);
      },
    },
  });
  const told = async () => {
    const { length } = wanted;
    world.client.open(user());
    await world.clock.advanceUntil(() => wanted.length > length, 60_000, "the dial");
    return wanted.at(-1)!.user?.toHex();
  };
  return { world, told, tokensOf };
}

Deno.test("a client that is believed tells where its users come from, also those that came before the accept", async () => {
  const { world, told } = setUp({ tellsUsers: true });
  await using _ = world;
  assertEquals([await told(), await told()], [USER, USER]);
});

Deno.test("nobody is asked to tell it, and nobody believed, without the token's word, or where it is not wanted", async () => {
  for (const [token, wants] of [[{}, true], [{ tellsUsers: true }, false]] as const) {
    const { world, told } = setUp(token, wants);
    await using _ = world;
    await world.attached();
    assertEquals(await told(), undefined);
  }
});

Deno.test("a token whose word is taken away is believed no more, though its client goes on telling", async () => {
  const { world, told, tokensOf } = setUp({ tellsUsers: true });
  await using _ = world;
  await world.attached();
  await world.server.renewTokens(tokensOf({}));
  assertEquals([await told(), world.server.sessionCount], [undefined, 1]);
  await world.server.renewTokens(tokensOf({ tellsUsers: true }));
  assertEquals(await told(), USER);
});
