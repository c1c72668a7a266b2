import { assertEquals, assertNotEquals, assertThrows } from "@std/assert";
import { TeleError } from "../../../../lib/net/error.ts";
import { TokenTable } from "../../../../lib/session/handshake/token_table.ts";
import { tokenSalt } from "../../../../lib/session/handshake/token.ts";
import { OTHER, TOKEN } from "../../../support/tokens.ts";

const ALICE = { name: "alice", token: TOKEN };
const BOB = { name: "bob", token: OTHER };

Deno.test("each token counts under its own name only", async () => {
  const table = await TokenTable.of({ tokens: [ALICE, BOB] });
  const [alice, bob] = await Promise.all([TOKEN, OTHER].map(tokenSalt)) as [Uint8Array, Uint8Array];
  assertEquals(["alice", "bob"].map((name) => table.saltOf(name)), [alice, bob]);
  const names = ["alice", "bob", "carol", undefined];
  assertEquals(names.map((name) => table.has(name, alice)), [true, false, false, false]);
  assertEquals(table.isGuarded, true);
});

Deno.test("a name that is not there has a salt that nobody knows, another one in each process", async () => {
  const [one, other] = await Promise.all([0, 1].map(() => TokenTable.of({ tokens: [ALICE] })));
  for (const name of ["bob", "constructor", undefined]) {
    const salt = one!.saltOf(name);
    assertEquals([salt, salt.length], [one!.nobodysSalt, 32]);
    assertNotEquals(salt, other!.saltOf(name));
    assertNotEquals(salt, await tokenSalt(TOKEN));
    assertEquals(one!.has(name, salt), false, "and proving it is of no use");
  }
});

Deno.test("without a token everybody has the same salt of nothing, and no name", async () => {
  const table = await TokenTable.of({});
  assertEquals([table.isGuarded, table.saltOf(undefined).length, table.saltOf("alice").length], [false, 0, 32]);
  assertEquals([table.has(undefined, new Uint8Array(0)), table.has("alice", new Uint8Array(0))], [true, false]);
});

Deno.test("no tokens in the list let nobody in", async () => {
  const table = await TokenTable.of({ tokens: [] });
  assertEquals([table.isGuarded, table.saltOf(undefined)], [true, table.nobodysSalt]);
});

Deno.test("a session goes on while its named token is the same, or while there is one without a name", async () => {
  const [alice, bob] = await Promise.all([TOKEN, OTHER].map(tokenSalt)) as [Uint8Array, Uint8Array];
  const table = await TokenTable.of({ token: OTHER, tokens: [ALICE] });
  assertEquals(table.keeps("alice", alice), true);
  assertEquals(table.keeps("alice", bob), false, "changed");
  assertEquals(table.keeps("bob", bob), false, "gone");
  assertEquals(table.keeps(undefined, alice), true, "renewed");
  assertEquals((await TokenTable.of({ tokens: [ALICE] })).keeps(undefined, bob), false, "taken away");
});

Deno.test("a list that is wrong is refused at once", () => {
  assertThrows(() => TokenTable.of({ tokens: [ALICE, BOB, ALICE] }), TeleError, "two tokens have the name alice");
  assertThrows(() => TokenTable.of({ tokens: [{ ...ALICE, name: "a b" }] }), TeleError, "is not the name of a token");
  assertThrows(() => TokenTable.of({ tokens: [{ ...ALICE, token: new Uint8Array(15) }] }), TeleError, "at least 16");
  assertThrows(() => TokenTable.of({ token: new Uint8Array(15) }), TeleError, "at least 16");
});

Deno.test("a token without a list reaches every service, one with a list those in it, and * is the one without a name", async () => {
  const table = await TokenTable.of({
    token: OTHER,
    services: ["*", "web"],
    tokens: [ALICE, { ...BOB, services: ["db"] }],
  });
  assertEquals(["alice", "bob", undefined].map((name) => table.mayReach(name, "a.example:1")), [true, false, false]);
  const free = await TokenTable.of({ tokens: [{ ...BOB, services: ["*:*"] }] });
  assertEquals(["a.example:1", "db", undefined].map((to) => free.mayReach("bob", to)), [true, false, false]);
  const names = [undefined, "db", "web"];
  const reached = (name?: string) => names.map((service) => table.mayReach(name, service));
  assertEquals([reached("alice"), reached("bob"), reached()], [
    [true, true, true],
    [false, true, false],
    [true, false, true],
  ]);
});

Deno.test("a list that has become longer still reaches all of the former, a shorter or another one does not", async () => {
  const of = (services?: string[]) => TokenTable.of({ tokens: [{ ...ALICE, services }] });
  const before = await of(["a", "b"]);
  const cases: [services: string[] | undefined, boolean][] = [
    [["b", "a"], true],
    [["a", "b", "c"], true],
    [undefined, true],
    [["a"], false],
    [["a", "c"], false],
  ];
  for (const [services, reaches] of cases) {
    assertEquals((await of(services)).reachesAllOf(before, "alice"), reaches, services?.join());
  }
  assertEquals(before.reachesAllOf(await of(), "alice"), false, "all is more");
});

Deno.test("a client may offer what its list says; one with a list of services alone nothing, one without all", async () => {
  const table = await TokenTable.of({
    token: new Uint8Array(32),
    services: ["*"],
    reverse: ["web"],
    tokens: [ALICE, { ...BOB, services: ["db"] }],
  });
  const may = (name: string | undefined) => ["db", "web"].map((service) => table.mayOffer(name, service));
  assertEquals([may("alice"), may("bob"), may(undefined)], [[true, true], [false, false], [false, true]]);
  const free = await TokenTable.of({ tokens: [{ ...BOB, reverse: ["db"] }] });
  assertEquals([free.mayOffer("bob", "db"), free.mayOffer("bob", "web"), free.mayReach("bob", "web")], [
    true,
    false,
    true,
  ]);
});

Deno.test("a list that allows less to offer than before is told from one that allows as much", async () => {
  const of = (reverse?: string[], services?: string[]) => TokenTable.of({ tokens: [{ ...ALICE, reverse, services }] });
  const before = await of(["db"]);
  const cases: [reverse: string[] | undefined, services: string[] | undefined, reaches: boolean][] = [
    [["db", "web"], undefined, true],
    [undefined, undefined, true],
    [["web"], undefined, false],
    [undefined, ["db"], false],
    [["db"], ["db"], false],
  ];
  for (const [reverse, services, reaches] of cases) {
    assertEquals((await of(reverse, services)).reachesAllOf(before, "alice"), reaches, `${reverse} ${services}`);
  }
});

Deno.test("a client is believed about its users where its token says so, and nowhere else", async () => {
  const table = await TokenTable.of({ token: new Uint8Array(32), tokens: [ALICE, { ...BOB, tellsUsers: true }] });
  assertEquals(["alice", "bob", undefined, "nobody"].map((name) => table.tellsUsers(name)), [
    false,
    true,
    false,
    false,
  ]);
  const nameless = await TokenTable.of({ token: new Uint8Array(32), tellsUsers: true });
  assertEquals(nameless.tellsUsers(undefined), true);
  assertEquals((await TokenTable.of({})).tellsUsers(undefined), false);
});
