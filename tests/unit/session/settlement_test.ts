/** Receipts: who owes which, and when a carrier that is gone is settled. */
import { assert, assertEquals, assertThrows } from "@std/assert";
import { TeleError } from "../../../lib/net/error.ts";
import type { Receipt } from "../../../lib/session/handshake/fields.ts";
import { MOST_UNSETTLED } from "../../../lib/session/session_constants.ts";
import type { Covered } from "../../../lib/session/gone_carrier.ts";
import { Settlement } from "../../../lib/session/settlement.ts";

/** What is left of a log of which nothing was acknowledged. */
const LOG = { pieces: [], heldBytes: 0, acknowledged: 0, handed: 1_000_000 };

/** What is covered, without logs. */
function seen(covered: Covered[]): Receipt[];
function seen(covered: Covered | undefined): Receipt | undefined;
function seen(covered: Covered[] | Covered | undefined): Receipt[] | Receipt | undefined {
  const short = ({ number, taken }: Covered) => ({ number, taken });
  if (Array.isArray(covered)) return covered.map(short);
  return covered === undefined ? undefined : short(covered);
}

/** A client's commit that named these is accepted. */
function accepted(client: Settlement, named: number[], told: Receipt[]): Covered[] {
  client.tells(99, named.map((number) => ({ number, taken: 0 })));
  return client.accepted(99, told);
}

/** An end with carriers 0 to `count - 1` that are live. */
function endWith(count: number): Settlement {
  const end = new Settlement();
  for (let number = 0; number < count; number++) end.opened(number);
  return end;
}

Deno.test("a carrier that is gone is owed a receipt until an accept answers the commit that named it", () => {
  const client = endWith(2);
  client.gone(0, 70_000, true, LOG);
  assertEquals([client.live, client.own(), client.isSettled(0)], [[1], [{ number: 0, taken: 70_000 }], false]);
  assertEquals(seen(accepted(client, [0], [{ number: 0, taken: 123 }])), [{ number: 0, taken: 123 }]);
  assertEquals([client.own(), client.isSettled(0), client.isSettled(1)], [[], true, false]);
});

Deno.test("a lost accept changes nothing: the next commit names the same carriers", () => {
  const client = endWith(2);
  const server = endWith(2);
  for (const end of [client, server]) end.gone(0, 5, true, LOG);
  client.givenUp(1);
  // The server attaches 1, which dies unheard.
  server.gone(1, 0, false, LOG);
  client.opened(2);
  assertEquals(seen(server.committed(2, [], client.own())), [{ number: 0, taken: 5 }, { number: 1, taken: 0 }]);
  server.opened(2);
  assertEquals([server.own(client.own()), server.isSettled(1)], [[{ number: 0, taken: 5 }], true]);
  assertEquals(seen(accepted(client, [0], server.own())), [{ number: 0, taken: 5 }]);
  server.peerHas([0]);
  assertEquals([server.own(), client.own()], [[], []]);
});

Deno.test("a server settles with what is heard on the carrier whose accept named it, not before", () => {
  const server = endWith(1);
  server.gone(0, 9, true, LOG);
  assertEquals(seen(server.committed(1, [], [{ number: 0, taken: 4 }])), [{ number: 0, taken: 4 }]);
  server.opened(1);
  assertEquals([server.own(), server.isSettled(0)], [[{ number: 0, taken: 9 }], false]);
  server.peerHas([0]);
  assertEquals([server.own(), server.isSettled(0)], [[], true]);
});

Deno.test("both receipts by frames settle a carrier, in either order, and are told once", () => {
  for (const isToldFirst of [true, false]) {
    const end = endWith(2);
    end.gone(0, 9, true, LOG);
    assertEquals([end.takeUntold(), end.takeUntold()], [[{ number: 0, taken: 9 }], []]);
    if (!isToldFirst) end.peerHas([0]);
    assertEquals(seen(end.peerTold(0, 7)), { number: 0, taken: 7 });
    assertEquals(end.isSettled(0), !isToldFirst);
    if (isToldFirst) end.peerHas([0]);
    assertEquals([end.isSettled(0), end.own(), end.takeUntold()], [true, [], []]);
  }
});

Deno.test("what the peer has already need not be told by a frame, but is named until the carrier is settled", () => {
  const client = endWith(1);
  client.gone(0, 9, true, LOG);
  client.peerHas([0]);
  assertEquals([client.takeUntold(), client.own()], [[], [{ number: 0, taken: 9 }]]);
});

Deno.test("a receipt that comes again says nothing new, with another count it is an error", () => {
  const end = endWith(2);
  end.gone(0, 1, true, LOG);
  assertEquals([seen(end.peerTold(0, 7)), seen(end.peerTold(0, 7))], [{ number: 0, taken: 7 }, undefined]);
  const error = assertThrows(() => seen(end.peerTold(0, 8)), TeleError, "had one of 7");
  assertEquals(error.code, "protocol");
  end.peerHas([0]);
  assertEquals(seen(end.peerTold(0, 8)), undefined, "settled: nobody remembers");
});

Deno.test("a receipt for a carrier that was never committed is an error", () => {
  const end = endWith(2);
  assertEquals(assertThrows(() => seen(end.peerTold(2, 0)), TeleError, "which never was").code, "protocol");
  assertEquals(
    assertThrows(() => seen(accepted(end, [], [{ number: 9, taken: 0 }])), TeleError, "never").code,
    "protocol",
  );
});

Deno.test("a receipt for a live carrier, and a commit that leaves one out, name what must go first", () => {
  const end = endWith(6);
  const told = [{ number: 1, taken: 3 }, { number: 9, taken: 0 }];
  assertEquals([end.mustGo([]), end.mustGo(told)], [[], [1]]);
  assertEquals(end.mustGo(told, { number: 5, live: [0, 3] }), [1, 2, 4], "not 5, nor what would be behind it");
  assertThrows(() => seen(end.peerTold(1, 3)), Error, "was not taken for gone");
  end.gone(1, 8, true, LOG);
  assertEquals([seen(end.peerTold(1, 3)), end.own()], [{ number: 1, taken: 3 }, [{ number: 1, taken: 8 }]]);
  assertThrows(() => end.gone(1, 9, true, LOG), Error, "is not there");
});

Deno.test("what an accept should have named, and has not, is covered as far as it was acknowledged", () => {
  const client = endWith(3);
  client.gone(0, 1, true, LOG);
  client.gone(1, 1, true, LOG);
  seen(client.peerTold(1, 6));
  assertEquals(seen(accepted(client, [0, 1], [])), [{ number: 0, taken: 0 }]);
  assertEquals([client.isSettled(0), client.isSettled(1)], [true, true]);
});

Deno.test("what was gone only behind a commit is not settled by its accept", () => {
  const client = endWith(3);
  client.gone(0, 1, true, LOG);
  client.gone(1, 2, true, LOG); // The commit of carrier 2 named 0 only.
  assertEquals(seen(accepted(client, [0], [{ number: 0, taken: 5 }])), [{ number: 0, taken: 5 }]);
  assertEquals(client.own(), [{ number: 1, taken: 2 }]);
});

Deno.test("a commit that names a carrier nowhere settles it, one that calls it alive or was made before does not", () => {
  const server = endWith(3);
  for (const number of [0, 1, 2]) server.gone(number, number, false, LOG);
  server.opened(5);
  server.gone(5, 0, false, LOG);
  assertEquals(seen(server.committed(4, [1], [{ number: 2, taken: 6 }])), [{ number: 2, taken: 6 }, {
    number: 0,
    taken: 0,
  }]);
  assertEquals([0, 1, 2, 5].map((number) => server.isSettled(number)), [true, false, false, false]);
  assertEquals(seen(server.committed(6, [], [{ number: 2, taken: 6 }])), [{ number: 1, taken: 0 }, {
    number: 5,
    taken: 0,
  }]);
  assertEquals(server.own(), [{ number: 2, taken: 2 }]);
});

Deno.test("a commit that leaves out a carrier whose receipt came by a frame covers nothing again", () => {
  const server = endWith(1);
  server.gone(0, 3, true, LOG);
  assertEquals(seen(server.peerTold(0, 8)), { number: 0, taken: 8 });
  assertEquals(seen(server.committed(1, [], [])), []);
  assertEquals(server.isSettled(0), true);
});

Deno.test("a server that attached what its client gave up is told so once, and may have taken nothing of it", () => {
  const client = endWith(3);
  client.givenUp(1);
  client.givenUp(2);
  assertEquals([client.isSettled(1), client.own(), client.takeUntold()], [true, [], []]);
  assertEquals([seen(client.peerTold(1, 0)), seen(client.peerTold(1, 0))], [undefined, undefined]);
  assertEquals([client.takeUntold(), client.takeUntold()], [[{ number: 1, taken: 0 }], []]);
  assertEquals(assertThrows(() => seen(client.peerTold(2, 1)), TeleError, "nothing was sent").code, "protocol");
});

Deno.test("a client remembers the latest 16 commits that it gave up, and owes nothing for those of before", () => {
  const client = endWith(MOST_UNSETTLED + 2);
  for (let number = 1; number < MOST_UNSETTLED + 2; number++) client.givenUp(number);
  for (const number of [1, 2]) assertEquals(seen(client.peerTold(number, 0)), undefined);
  assertEquals(client.takeUntold(), [{ number: 2, taken: 0 }]);
});

Deno.test("an outage in which every accept is lost does not fill the books of either end", () => {
  const client = endWith(1);
  const server = endWith(1);
  for (const end of [client, server]) end.gone(0, 7, true, LOG);
  for (let number = 1; number < 1000; number++) {
    client.opened(number);
    assertEquals(seen(server.committed(number, [], client.own())).length, 1);
    server.opened(number);
    client.givenUp(number);
    server.gone(number, 0, false, LOG);
    assertEquals([server.own().length, client.own().length, client.isFull], [2, 1, false]);
  }
});

Deno.test("a client with too many carriers that could be left unsettled waits; one with more of them than 16 is an error", () => {
  const client = endWith(MOST_UNSETTLED - 1);
  assertEquals(client.isFull, false);
  client.gone(0, 1, true, LOG);
  client.opened(MOST_UNSETTLED - 1);
  assertEquals(client.isFull, true);
  for (let number = 1; number < MOST_UNSETTLED; number++) client.gone(number, 1, true, LOG);
  assertEquals([client.isFull, client.own().length], [true, MOST_UNSETTLED]);
  client.opened(100);
  assertEquals(assertThrows(() => client.gone(100, 1, true, LOG), TeleError, "17 carriers are gone").code, "protocol");

  const server = endWith(40);
  for (let number = 0; number < 40; number++) server.gone(number, 1, number < MOST_UNSETTLED, LOG);
  server.opened(40);
  assertThrows(() => server.gone(40, 1, true, LOG), TeleError, "17 carriers are gone");
});

Deno.test("an accept has room for 16 receipts: those of the commit's carriers come first, what the peer has comes last", () => {
  const server = endWith(20);
  for (let number = 0; number < 20; number++) server.gone(number, number, false, LOG);
  server.peerHas([2]);
  const named = [17, 19].map((number) => ({ number, taken: 0 }));
  const numbers = server.own(named).map(({ number }) => number);
  assertEquals(numbers, [0, 1, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 17, 19]);
  assert(numbers.length === MOST_UNSETTLED);
});
