import { assertEquals, assertThrows } from "@std/assert";
import { TeleError } from "../../../lib/net/error.ts";
import { TokenKeeper } from "../../../lib/session/token_keeper.ts";
import { OTHER, TOKEN } from "../../support/tokens.ts";

const ALICE = { name: "alice", token: TOKEN };

async function keeperOf(tokens: ConstructorParameters<typeof TokenKeeper>[0]) {
  const changes: boolean[] = [];
  const keeper: TokenKeeper = new TokenKeeper(tokens, () => changes.push(keeper.admits(keeper.claim("alice"))));
  await keeper.ready;
  return { keeper, changes };
}

Deno.test("tokens change in one step, in which it is told; of two changes at once only the last counts", async () => {
  const { keeper, changes } = await keeperOf({ tokens: [ALICE] });
  const claim = keeper.claim("alice");
  assertEquals([keeper.admits(claim), keeper.keeps(claim), changes], [true, true, []]);
  await Promise.all([keeper.renew({ tokens: [{ ...ALICE, token: OTHER }] }), keeper.renew({ tokens: [] })]);
  assertEquals([keeper.admits(claim), keeper.keeps(claim), changes], [false, false, [false]]);
  await keeper.renew({ tokens: [ALICE] });
  assertEquals([keeper.admits(claim), changes], [true, [false, true]]);
});

Deno.test("a token without a name that is renewed lets in nobody who claimed the former, and keeps their sessions", async () => {
  const { keeper } = await keeperOf({ token: TOKEN });
  const claim = keeper.claim(undefined);
  await keeper.renew({ token: OTHER });
  assertEquals([keeper.admits(claim), keeper.keeps(claim)], [false, true]);
  await keeper.renew({ tokens: [ALICE] });
  assertEquals([keeper.admits(claim), keeper.keeps(claim)], [false, false]);
});

Deno.test("nobody in the list is not the same as no list: the door stays shut", async () => {
  const { keeper } = await keeperOf({ token: TOKEN });
  await keeper.renew({});
  assertEquals(keeper.admits({ name: undefined, salt: new Uint8Array(0) }), false);
  assertEquals(keeper.claim(undefined).salt, keeper.nobodysSecret);
});

Deno.test("whether there are tokens does not change, and wrong ones are refused at once", async () => {
  const { keeper } = await keeperOf({});
  assertEquals(keeper.isGuarded, false);
  assertThrows(() => keeper.renew({ token: TOKEN }), TeleError, "there was no token before");
  const guarded = await keeperOf({ tokens: [ALICE] });
  assertThrows(() => guarded.keeper.renew({ tokens: [ALICE, ALICE] }), TeleError, "two tokens have the name alice");
  assertEquals(guarded.keeper.admits(guarded.keeper.claim("alice")), true, "the former is still there");
});

Deno.test("what a token may reach is looked up in the present list, and a session of one that lost something ends", async () => {
  const withList = (...services: string[]) => ({ tokens: [{ ...ALICE, services }] });
  const { keeper } = await keeperOf(withList("a", "b"));
  const claim = keeper.claim("alice");
  await keeper.renew(withList("a", "b", "c"));
  assertEquals([keeper.keeps(claim), keeper.mayReach("alice", "c")], [true, true]);
  await keeper.renew(withList("a", "b"));
  assertEquals([keeper.keeps(claim), keeper.mayReach("alice", "c")], [false, false], "it may have connections to c");
  assertEquals([keeper.admits(claim), keeper.mayReach("alice", "a")], [true, true], "and may come again");
});
