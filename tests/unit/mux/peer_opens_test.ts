/** Each open of the peer's begins one stream, or is refused with words, or ends the session. */
import { assert, assertEquals, assertThrows } from "@std/assert";
import { MOST_START_CREDIT, ResetCode } from "../../../lib/mux/mux_constants.ts";
import { PeerOpens } from "../../../lib/mux/peer_opens.ts";
import { StreamTable } from "../../../lib/mux/stream_table.ts";
import { TeleError } from "../../../lib/net/error.ts";
import { duplexPair } from "../../../lib/net/pipe.ts";
import { MemoryBudget } from "../../../lib/session/memory_budget.ts";
import { FakeClock, settle } from "../../support/fake_clock.ts";
import type { Wanted } from "../../../lib/mux/stream_dials.ts";
import { NAMED_SERVICE } from "../../../lib/session/frames.ts";
import type { DueReset } from "../../../lib/mux/due_resets.ts";

/** Where the client is. */
const CLIENT = new Uint8Array(12).fill(7);

/** A stream whose users are counted. */
class FakeStream {
  readonly isEnded = false;
  hasArrived = false;
  waitingBytes = 0;
  users = 0;

  constructor(readonly id: number) {}

  attachUser(): void {
    this.users++;
  }

  reset(): void {}
}

/** Opens of a peer, of which `maxStreams` may be open. */
function setUp({ maxStreams = 10, memoryBytes = Infinity, hasServices = false } = {}) {
  const open = { count: 0 };
  const memory = new MemoryBudget(memoryBytes);
  const resets: DueReset[] = [];
  const turns = { leavesTooMuch: false, tellReset: (reset: DueReset) => void resets.push(reset) };
  const made: FakeStream[] = [];
  const make = (id: number) => {
    made.push(new FakeStream(id));
    return made.at(-1)!;
  };
  const streams = new StreamTable<FakeStream>({ end: "server", open });
  const wanted: Wanted[] = [];
  const dial = (_signal: AbortSignal, whom: Wanted) => {
    wanted.push(whom);
    return Promise.resolve(duplexPair()[0]);
  };
  const clock = new FakeClock();
  const ofServer = {
    end: "server" as const,
    dial,
    hasServices,
    opener: () => ({ tokenName: "alice", clientAddresses: CLIENT }),
    make,
  };
  const opens = new PeerOpens({ clock, streams, turns, open, maxStreams, memory, ...ofServer });
  const receive = (id: number, send = 1_000, service = 0, name?: string) => {
    opens.receive({ id, credits: { send, receive: 1_000 }, service, name });
  };
  return { opens, streams, made, resets, turns, memory, receive, wanted };
}

Deno.test("an open begins a stream and dials for its user, once, however often it comes", async () => {
  const { opens, streams, made, receive } = setUp();
  receive(1);
  receive(1);
  assertEquals([made.length, streams.count, made[0].users], [1, 1, 0]);
  opens.dialDue();
  await settle();
  assertEquals(made[0].users, 1);
  receive(1);
  assertEquals(made.length, 1);
});

Deno.test("what is refused is told why, opens nothing, and is not asked again", () => {
  const { made, resets, receive } = setUp({ maxStreams: 1 });
  receive(1, 1_000, 7);
  receive(3);
  receive(5);
  receive(5);
  assertEquals(made.map(({ id }) => id), [3]);
  assertEquals(resets.map(({ id, code }) => [id, code]), [[1, ResetCode.refused], [5, ResetCode.limit]]);
  assert(resets[0].message.includes("no service 7") && resets[1].message.includes("--max"));
});

Deno.test("whom a stream is for, and from whom, is told who dials; without names of services it is refused", () => {
  const { opens, made, resets, receive, wanted } = setUp({ hasServices: true });
  receive(1, 1_000, NAMED_SERVICE, "db");
  receive(3);
  receive(5, 1_000, 2);
  opens.dialDue();
  assertEquals(wanted, [
    { service: "db", tokenName: "alice", user: undefined, client: CLIENT },
    { service: undefined, tokenName: "alice", user: undefined, client: CLIENT },
  ]);
  assertEquals([made.length, resets.map(({ id }) => id)], [2, [5]]);
  const without = setUp();
  without.receive(1, 1_000, NAMED_SERVICE, "db");
  assertEquals(without.made, []);
  assertEquals(without.resets.map(({ code, message }) => [code, message]), [
    [ResetCode.refused, "the tele server has no service db"],
  ]);
});

Deno.test("credit that a peer may not take ends the session, and so do opens behind too much that it leaves", () => {
  const { turns, receive, made } = setUp();
  assertThrows(() => receive(1, MOST_START_CREDIT + 1), TeleError, "more than it may");
  turns.leavesTooMuch = true;
  assertThrows(() => receive(3), TeleError, "does not acknowledge");
  assertEquals(made, []);
});

Deno.test("without memory a stream is refused, and the session goes on", () => {
  const { memory, resets, receive } = setUp({ memoryBytes: 16 * 1024 * 1024 });
  memory.starts.claim(memory.starts.free);
  receive(1);
  assert(resets[0].message.includes("--memory"));
});

Deno.test("what a stream took is given back when all of it has come, and when it is over", () => {
  const { opens, memory, made, receive } = setUp();
  receive(1, 1_000);
  receive(3, 1_000);
  made[0].hasArrived = true;
  made[0].waitingBytes = 400;
  opens.received(made[0]);
  opens.received(made[1]);
  assertEquals(memory.starts.used, 1_400);
  opens.ended(made[0], true);
  opens.ended(made[1], false);
  assertEquals(memory.starts.used, 0);
});

Deno.test("behind a stop nobody is dialled", async () => {
  const { opens, made, receive } = setUp();
  receive(1);
  opens.stop();
  opens.dialDue();
  await settle();
  assertEquals(made[0].users, 0);
});
