/** What a user sends becomes frames within the credit, and the user is read only when they went into the log. */
import { assert, assertEquals } from "@std/assert";
import { Turn } from "../../../lib/mux/scheduler.ts";
import { SendingHalf, type SendingOwner } from "../../../lib/mux/sending_half.ts";
import type { StreamStart } from "../../../lib/mux/stream_host.ts";
import { FrameLog } from "../../../lib/session/carrier/frame_log.ts";
import { SessionFrameReader } from "../../../lib/session/carrier/frame_reader.ts";
import { WriteHold } from "../../../lib/session/carrier/write_hold.ts";
import { LogBudget } from "../../../lib/session/log_budget.ts";
import { SegmentPool } from "../../../lib/session/segment_pool.ts";
import { FRAME_HEADER_BYTES } from "../../../lib/ping/codec.ts";
import { decodeOpen, openFrameBytes } from "../../../lib/session/frames.ts";
import { FrameType, OPEN_FRAME_BYTES } from "../../../lib/session/session_constants.ts";
import { settle } from "../../support/fake_clock.ts";
import type { Duplex } from "../../../lib/net/duplex.ts";
import { NOBODY } from "../../../lib/session/carrier/piece_queue.ts";

/** The sending half of stream 1, whose user is asked for reads by hand. */
function setUp(start: Omit<StreamStart, "window"> = { id: 1, sendCredit: 100_000 }, tellsUsers = false) {
  const pool = new SegmentPool({ plenty: 9 });
  const log = new FrameLog(new LogBudget({ limitBytes: 1 << 20 }));
  const told: string[] = [];
  const reads: { into: Uint8Array; onRead(count: number | null): void; onFailed(error: unknown): void }[] = [];
  const user = {
    peer: "192.0.2.1:50000",
    localAddress: "192.0.2.2",
    localPort: 22,
    readWith: (into, onRead, onFailed) => void reads.push({ into, onRead, onFailed }),
    read: () => Promise.reject(new Error("not asked for")),
    write: () => Promise.resolve(),
    closeWrite: () => Promise.resolve(),
    abort() {},
    close() {},
  } satisfies Duplex;
  const owner: SendingOwner & { keeps: boolean } = {
    keeps: true,
    turn: new Turn(),
    host: { pool, turnBytes: 64 * 1024, tellsUsers },
    numberOf: () => 1,
    reading: () => void told.push("reading"),
    came: (count) => {
      told.push(`came ${count}`);
      if (owner.keeps) half.keep(count);
    },
    readFailed: (error) => void told.push(`failed: ${(error as Error).message}`),
  };
  const half: SendingHalf = new SendingHalf(owner, NOBODY, start);
  half.start(user);
  return {
    half,
    owner,
    log,
    pool,
    told,
    reads,
    /** The user sends this. */
    send(bytes: Uint8Array): void {
      const { into, onRead } = reads.shift()!;
      into.set(bytes);
      onRead(bytes.length);
    },
    end: () => reads.shift()!.onRead(null),
    turn: (maxBytes = 1e6, leastBytes = 1) => half.takeTurn(log, maxBytes, leastBytes, 0),
  };
}

/** Frames in the log, as a peer would read them. */
function framesIn(log: FrameLog): unknown[] {
  const seen: unknown[] = [];
  const reader = new SessionFrameReader({
    data: (_id, offset, bytes) => void seen.push({ offset, bytes: [...bytes] }),
    end: (_id, offset) => void seen.push({ end: offset }),
    counted: (payload) => void seen.push(payload[0]),
    control: () => {},
  });
  for (let bytes = log.nextWrite(new WriteHold()); bytes !== undefined; bytes = log.nextWrite(new WriteHold())) {
    reader.push(bytes);
  }
  return seen;
}

Deno.test("one chunk is read ahead, and the next when the log has all of it", () => {
  const { half, reads, send, turn, log } = setUp();
  assertEquals([half.wantsTurn, turn()], [false, 0]);
  send(new Uint8Array([1, 2, 3]));
  assertEquals([half.wantsTurn, half.isWaiting, reads.length], [true, true, 0]);
  assertEquals(turn(), 17 + 3);
  assertEquals([half.wantsTurn, half.sentBytes, reads.length], [false, 3, 1]);
  assertEquals(framesIn(log), [{ offset: 0, bytes: [1, 2, 3] }]);
});

Deno.test("an open goes in front of the first data, with the number that it gets then, and alone if there is none", () => {
  const { half, send, turn, log } = setUp({ sendCredit: 10, opening: { send: 10, receive: 20 } });
  assertEquals([half.isOpened, half.wantsTurn, half.id], [false, true, 0]);
  assertEquals(turn(), 0);
  assertEquals([half.isOpened, half.id, log.end], [true, 1, OPEN_FRAME_BYTES]);
  send(new Uint8Array([1]));
  turn();
  assertEquals(framesIn(log), [FrameType.open, { offset: 0, bytes: [1] }]);
});

Deno.test("an open asks for its service by name, also in the next session that takes it over", () => {
  const opening = { send: 10, receive: 20 };
  const { half, turn, log } = setUp({ sendCredit: 10, opening, service: "db" });
  half.restart({ sendCredit: 10, opening });
  turn();
  assertEquals(log.end, openFrameBytes({ name: "db" }));
  assertEquals(decodeOpen(log.nextWrite(new WriteHold())!.subarray(FRAME_HEADER_BYTES)).name, "db");
});

Deno.test("an open tells where its user comes from, where the server wants that, and else nothing of it", () => {
  const opening = { send: 10, receive: 20 };
  const block = new Uint8Array([192, 0, 2, 1, 192, 0, 2, 2, 0xc3, 0x50, 0, 22]);
  for (const tells of [true, false]) {
    const { turn, log } = setUp({ sendCredit: 10, opening }, tells);
    turn();
    const { user } = decodeOpen(log.nextWrite(new WriteHold())!.subarray(FRAME_HEADER_BYTES));
    assertEquals(user, tells ? block : undefined);
  }
});

Deno.test("no more is sent than the credit, and a higher grant lets the rest go", () => {
  const { half, send, turn, log, reads } = setUp({ id: 1, sendCredit: 4 });
  send(new Uint8Array([1, 2, 3, 4, 5, 6]));
  assertEquals([turn(), half.wantsTurn, reads.length], [17 + 4, false, 0]);
  assertEquals([half.grant(4), half.grant(3), half.wantsTurn], [false, false, false]);
  assertEquals([half.grant(5), half.wantsTurn, turn()], [true, true, 17 + 1]);
  half.grant(100);
  turn();
  assertEquals(framesIn(log), [
    { offset: 0, bytes: [1, 2, 3, 4] },
    { offset: 4, bytes: [5] },
    { offset: 5, bytes: [6] },
  ]);
  assertEquals(reads.length, 1);
});

Deno.test("a part for want of room is sent if it is worth a frame", () => {
  const { send, turn, log } = setUp();
  send(new Uint8Array(100));
  assertEquals([turn(17 + 30, 17 + 31), turn(17, 1), turn(10, 1)], [0, 0, 0]);
  assertEquals(turn(17 + 30, 17 + 30), 17 + 30);
  assertEquals(log.end, 47);
});

Deno.test("the end goes behind the data, once", () => {
  const { half, send, end, turn, log } = setUp();
  send(new Uint8Array([7]));
  turn();
  end();
  assertEquals([half.isReadToEnd, half.isEndSent, half.wantsTurn], [true, false, true]);
  assertEquals(turn(), 0);
  assertEquals([half.isEndSent, half.wantsTurn], [true, false]);
  turn();
  assertEquals(framesIn(log), [{ offset: 0, bytes: [7] }, { end: 1 }]);
});

Deno.test("much is read into segments, which go into the log without a copy, and is read again in a later step", async () => {
  const { half, reads, send, turn, log } = setUp({ id: 1, sendCredit: 1e9 });
  for (let step = 0; step < 4; step++) {
    send(new Uint8Array(reads[0].into.length).fill(step));
    turn();
    await settle();
  }
  const { into } = reads[0];
  into.fill(9);
  send(into);
  turn();
  assertEquals(reads.length, 0, "how much to read depends on who else has a turn");
  await settle();
  assertEquals(reads.length, 1);
  let last: Uint8Array | undefined;
  const hold = new WriteHold();
  for (let bytes = log.nextWrite(hold); bytes !== undefined; bytes = log.nextWrite(hold)) {
    last = bytes;
    hold.release();
  }
  assert(last!.buffer === into.buffer, "where it was read");
  assertEquals(half.isWaiting, false);
});

Deno.test("what its owner does not want is read and forgotten", async () => {
  const { half, owner, reads, send, log } = setUp();
  send(new Uint8Array(3));
  assertEquals(half.isWaiting, true);
  owner.keeps = false;
  half.discard();
  assertEquals([half.isWaiting, reads.length], [false, 1]);
  send(new Uint8Array(3));
  half.readSoon();
  await settle();
  assertEquals([half.wantsTurn, reads.length, log.end], [false, 1, 0]);
});

Deno.test("a failed read is told", () => {
  const { reads, told } = setUp();
  reads.shift()!.onFailed(new Error("reset"));
  assertEquals(told, ["reading", "failed: reset"]);
});

Deno.test("behind a stop the memory of a read stays its own until it settles, and nothing more is told", async () => {
  for (const how of ["read", "ended", "failed"]) {
    const { half, pool, reads, send, turn, told, log } = setUp({ id: 1, sendCredit: 1e9 });
    for (let step = 0; step < 2; step++) {
      send(new Uint8Array(reads[0].into.length));
      turn();
      await settle();
    }
    log.acknowledge(log.handed);
    told.length = 0;
    half.stop();
    const lent = reads.shift()!;
    const others = [1, 2, 3].map(() => pool.take());
    assert(others.every((segment) => segment.memory.buffer !== lent.into.buffer), "nobody else gets it");
    if (how === "read") lent.onRead(3);
    else if (how === "ended") lent.onRead(null);
    else lent.onFailed(new Error("closed"));
    assert(pool.take().memory.buffer === lent.into.buffer, "now it is free");
    half.readSoon();
    await settle();
    assertEquals([told, reads.length, half.isWaiting], [[], 0, false]);
  }
});

Deno.test("moved to another session it begins with the credit of that, and opens there", () => {
  const { half, send, turn } = setUp({ sendCredit: 10, opening: { send: 10, receive: 20 } });
  send(new Uint8Array(30));
  half.restart({ sendCredit: 20, opening: { send: 20, receive: 20 } });
  assertEquals([half.isOpened, turn()], [false, 17 + 20]);
});
