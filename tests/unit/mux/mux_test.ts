/** The frames of a session: what leaves together, whose turn it is, and what a peer may not send. */
import { assert, assertEquals, assertLessOrEqual, assertStringIncludes, assertThrows } from "@std/assert";
import {
  EARLY_PIECE_BYTES,
  EARLY_STREAMS,
  LAST_STREAM,
  MOST_EXCESS_BYTES,
  MOST_START_CREDIT,
  ResetCode,
} from "../../../lib/mux/mux_constants.ts";
import { Mux } from "../../../lib/mux/mux.ts";
import type { MuxOptions } from "../../../lib/mux/mux_options.ts";
import type { Clock } from "../../../lib/net/clock.ts";
import { TeleError } from "../../../lib/net/error.ts";
import type { Duplex } from "../../../lib/net/duplex.ts";
import { duplexPair } from "../../../lib/net/pipe.ts";
import { FrameLog } from "../../../lib/session/carrier/frame_log.ts";
import { SessionFrameReader } from "../../../lib/session/carrier/frame_reader.ts";
import { WriteHold } from "../../../lib/session/carrier/write_hold.ts";
import type { Open } from "../../../lib/session/frames.ts";
import { LogBudget } from "../../../lib/session/log_budget.ts";
import { MemoryBudget } from "../../../lib/session/memory_budget.ts";
import { Segment, SegmentPool } from "../../../lib/session/segment_pool.ts";
import { FakeClock, settle } from "../../support/fake_clock.ts";
import { dataFrame, endFrame, openFrame, resetFrame, windowsFrame } from "../../support/frames.ts";
import { callingUser, KIB, MIB, MuxWorld, text } from "../../support/mux_world.ts";
import { readText } from "../../support/reading.ts";
import { withRogue } from "../../support/rogue_client.ts";
import { frameOf } from "../../support/hand_made.ts";
import { FrameType } from "../../../lib/session/session_constants.ts";

/** An open that takes and grants all the credit that a new stream may have. */
function open(id: number, send = MOST_START_CREDIT, receive = MOST_START_CREDIT): Uint8Array {
  return openFrame(id, { send, receive });
}

/** Data of `length` zero bytes. */
function data(id: number, offset: number, length: number): Uint8Array {
  return dataFrame(id, offset, new Uint8Array(length));
}

/** A mux whose session is a log. */
function alone(limitBytes: number, options: Partial<MuxOptions> = {}) {
  const clock = new FakeClock();
  const mux = new Mux({
    end: options.dial === undefined ? "client" : "server",
    clock,
    pool: new SegmentPool({ plenty: 9 }),
    maxStreams: 9,
    open: { count: 0 },
    ...options,
  });
  const budget = new LogBudget({ limitBytes });
  mux.bind({
    wake() {},
    wakeNow() {},
    drained() {},
    isEmpty: true,
    roundTripMs: 0,
    rateBytesPerMs: 0,
    frameBytes: Infinity,
    budget,
  });
  return { mux, budget, clock, log: new FrameLog(budget) };
}

/** Takes data apart as a peer would. */
function readerOf(data: (id: number, bytes: number) => void): SessionFrameReader {
  return new SessionFrameReader({
    data: (id, _offset, bytes) => data(id, bytes.length),
    end: () => {},
    counted: () => {},
    control: () => {},
  });
}

/** Hands over all that waits in `log`. */
function readAll(log: FrameLog, reader: SessionFrameReader): void {
  const next = () => log.nextWrite(new WriteHold());
  for (let bytes = next(); bytes !== undefined; bytes = next()) reader.push(bytes);
}

Deno.test("what users send in one step leaves in one write; of many users, the first write begins before all were read", async () => {
  await using world = new MuxWorld();
  await world.attached();
  const users = Array.from({ length: 2 * EARLY_STREAMS + 3 }, callingUser);
  for (const { duplex } of users) world.client.open(duplex);
  await world.clock.advance(100);
  for (const count of [EARLY_STREAMS - 1, users.length]) {
    const before = world.clientWrites.length;
    for (const { send } of users.slice(0, count)) send(text("request"));
    assertEquals(world.clientWrites.length - before, count < EARLY_STREAMS ? 0 : 1, `${count} users, at once`);
    await world.clock.advance(100);
    const requests = world.clientWrites.slice(before).map((bytes) =>
      new TextDecoder().decode(bytes).split("request").length - 1
    );
    assertEquals(
      requests.filter((each) => each > 0),
      count < EARLY_STREAMS ? [count] : [EARLY_STREAMS, count - EARLY_STREAMS],
    );
  }
});

Deno.test("open and first data leave without a round trip, and in one write where the data is there", async () => {
  await using world = new MuxWorld();
  const waiting = world.open();
  const written = waiting.user.write(text("before there was a carrier"));
  await world.attached();
  await world.clock.settle();
  await written;
  const opening = world.clientWrites.filter((bytes) => new TextDecoder().decode(bytes).includes("before there was"));
  assertEquals(opening.length, 1);
  assertEquals(world.clientWrites.indexOf(opening[0]), 2, "it follows hello and commit");
  // On an attached carrier, with the server mute: no answer is needed.
  world.network.last!.bToA.hold();
  const { user } = world.open();
  await user.write(text("hello"));
  await world.clock.settle();
  assertEquals(world.upstream.length, 2);
  assertEquals(await readText(world.upstream[1], 5), "hello");
  world.network.last!.bToA.release();
});

/** Sends frames that break a rule, and checks that the session ends loudly on both sides. */
async function endsLoudly(frames: Uint8Array[], message: string): Promise<void> {
  await withRogue(async ({ rogue, clock, log, ends }) => {
    rogue.send(open(1), data(1, 0, 10));
    await clock.advance(10);
    rogue.send(...frames);
    await clock.advance(100);
    assertStringIncludes(rogue.error?.message ?? "(no end)", message);
    assert(log.some((line) => line.includes("ended") && line.includes(message)), log.join("\n"));
    assertEquals(ends.map((end) => end.kind === "cut" && end.message.includes(message)), [true]);
  });
}

Deno.test("data beyond the credit ends the session loudly", async () => {
  await withRogue(async ({ rogue, clock, log, ends }) => {
    rogue.send(open(1), data(1, 0, MOST_START_CREDIT / 2), data(1, MOST_START_CREDIT / 2, MOST_START_CREDIT / 2));
    await clock.advance(1_000);
    assertEquals(rogue.error, undefined, "the whole credit may be used");
    rogue.send(data(1, MOST_START_CREDIT, 1));
    await clock.advance(100);
    assertStringIncludes(rogue.error?.message ?? "", "credit");
    assert(log.some((line) => line.includes("ended") && line.includes("credit")), log.join("\n"));
    assertEquals(ends.map(({ kind }) => kind), ["cut"]);
  });
});

Deno.test("an offset that no honest end reaches ends the session, not its carrier: it would only come again", async () => {
  for (const isEnd of [false, true]) {
    const beyond = (isEnd ? endFrame : dataFrame)(1, 0, new Uint8Array(2));
    beyond.fill(0xff, 9, 17);
    await endsLoudly([beyond], "2^53");
    const across = (isEnd ? endFrame : dataFrame)(1, 2 ** 53 - 1, new Uint8Array(2));
    await endsLoudly([across], "2^53");
  }
});

Deno.test("data without data, of a stream that was never opened, ends the session loudly", () =>
  endsLoudly([dataFrame(9, 0, new Uint8Array(0))], "never opened"));

Deno.test("data without data, beyond the credit, has no byte that is", async () => {
  await withRogue(async ({ rogue, clock }) => {
    rogue.send(open(1), dataFrame(1, MOST_START_CREDIT + 1, new Uint8Array(0)));
    await clock.advance(100);
    assertEquals(rogue.error, undefined);
  });
});

Deno.test("early data beyond the credit ends the session loudly", () =>
  endsLoudly([data(1, MOST_START_CREDIT - 1, 2)], "credit"));

Deno.test("an open that takes more credit than there is ends the session loudly", () =>
  endsLoudly([open(3, MOST_START_CREDIT + 1)], "credit"));

Deno.test("data behind the end of its direction ends the session loudly", () =>
  endsLoudly([endFrame(1, 10), data(1, 10, 1)], "ended at 10"));

Deno.test("an end, or a reset, that is below what came ends the session loudly", async () => {
  await endsLoudly([endFrame(1, 9)], "ended a stream at 9");
  await endsLoudly([resetFrame(1, 9, 1, "why")], "ended a stream at 9");
});

Deno.test("two ends at different offsets end the session loudly", () =>
  endsLoudly([endFrame(1, 20), endFrame(1, 21)], "ended a stream at 20, and then at 21"));

Deno.test("a stream number that a client does not have ends the session loudly", async () => {
  for (const id of [0, 2, LAST_STREAM + 2]) await endsLoudly([open(id)], `a stream with the number ${id}`);
});

Deno.test("frames of streams whose open never came end the session loudly", async () => {
  const frames = [data(77, 0, 10), endFrame(77, 0), resetFrame(77, 0, 2, ""), windowsFrame([77, 1]), data(2, 0, 1)];
  for (const frame of frames) await endsLoudly([frame], "which was never opened");
});

Deno.test("what comes again changes nothing: an open, data, an end, a reset, a window value", async () => {
  await withRogue(async ({ rogue, clock, upstream, ends }) => {
    const frames = [open(1), data(1, 0, 10), windowsFrame([1, MOST_START_CREDIT]), data(1, 4, 10), endFrame(1, 14)];
    rogue.send(...frames);
    await clock.advance(10);
    rogue.send(...frames, open(3), ...frames);
    await clock.advance(10);
    rogue.send(resetFrame(3, 0, 2, "it was reset"), resetFrame(3, 0, 2, "again"));
    await clock.advance(100);
    assertEquals([rogue.error, upstream.length], [undefined, 2]);
    assertEquals(await readText(upstream[0], 14), "\0".repeat(14));
    assertEquals(ends.map((end) => end.kind === "reset" && end.message), ["it was reset"]);
  });
});

Deno.test("frames of streams that are over are dropped", async () => {
  await withRogue(async ({ rogue, clock, ends }) => {
    rogue.send(open(1), resetFrame(1, 0, 2, ""));
    await clock.advance(100);
    assertEquals(ends.length, 1);
    rogue.send(data(1, 0, 10), endFrame(1, 10), resetFrame(1, 5, 2, ""), windowsFrame([1, 1]), open(1), open(3));
    await clock.advance(100);
    assertEquals([rogue.error, ends.length], [undefined, 1]);
  });
});

Deno.test("data that came before what is in front of it waits for that", async () => {
  await withRogue(async ({ rogue, clock, upstream }) => {
    rogue.send(open(1), dataFrame(1, 6, text("world")), endFrame(1, 11));
    await clock.advance(10);
    rogue.send(dataFrame(1, 0, text("hello ")));
    await clock.advance(10);
    assertEquals(await readText(upstream[0], 11), "hello world");
    assertEquals(await upstream[0].read(new Uint8Array(1)), null);
  });
});

Deno.test("a service that is not there is refused, and the session goes on", async () => {
  await withRogue(async ({ rogue, clock }) => {
    const other = open(1);
    other[18] = 7;
    rogue.send(other, open(3));
    await clock.advance(100);
    assertEquals(rogue.error, undefined);
    assertEquals(rogue.received, [`reset 1 ${ResetCode.refused} the tele server has no service 7`]);
  });
});

Deno.test("where acknowledgements make little room, data does not go in pieces that are headers for the most part", async () => {
  // Beyond 20 000 bytes the log is full; a limit of 600 is below the least room that is worth a frame.
  for (const [limitBytes, mostFrames] of [[20_000, 100], [600, 300]]) {
    const { mux, log } = alone(limitBytes);
    const [user, far] = duplexPair();
    mux.open(far);
    let [frames, received] = [0, 0];
    const reader = readerOf((_id, bytes) => {
      frames++;
      received += bytes;
    });
    user.write(new Uint8Array(50_000)).then(() => user.closeWrite(), () => {});
    for (let steps = 0; received < 50_000; steps++) {
      assert(steps < 20_000, `${received} bytes in ${frames} frames, then nothing`);
      await settle();
      mux.pull(log, 256 * KIB, 64 * KIB, 0);
      readAll(log, reader);
      log.acknowledge(Math.min(log.acknowledged + 20, log.handed));
    }
    assertLessOrEqual(frames, mostFrames);
    user.abort();
    far.abort();
    await settle();
  }
});

Deno.test("bulk streams take turns of bounded size, and one alone takes all that may go", async () => {
  const { mux, log, clock } = alone(16 * MIB);
  let turns: { id: number; bytes: number }[] = [];
  const reader = readerOf((id, bytes) => {
    if (turns.at(-1)?.id === id) turns.at(-1)!.bytes += bytes;
    else turns.push({ id, bytes });
  });
  /** Pulls until nothing comes; the frames are taken apart as the peer would, and acknowledged. */
  const pull = async () => {
    for (let end = -1; end !== log.end;) {
      end = log.end;
      await settle();
      mux.pull(log, 256 * KIB, 64 * KIB, clock.now());
      readAll(log, reader);
      log.acknowledge(log.handed);
    }
  };
  const users = [1, 2, 3].map(() => {
    const [user, far] = duplexPair();
    return { user, stream: mux.open(far) };
  });
  await pull();
  for (const { stream } of users) stream.grant(16 * MIB);
  // Reads become large with use.
  const floods = users.map(({ user }) => user.write(new Uint8Array(2 * MIB)));
  await pull();
  await Promise.all(floods);
  const tail = turns.slice(20, -10);
  assert(tail.length > 30, `${turns.length} turns`);
  assert(turns.every(({ bytes }) => bytes <= 64 * KIB), `turns of ${turns.map(({ bytes }) => bytes)}`);
  assert(tail.every(({ id }, at) => at < 3 || id === tail[at - 3].id), `${tail.map(({ id }) => id)}`);
  turns = [];
  const last = users[0].user.write(new Uint8Array(2 * MIB));
  await pull();
  await last;
  assertEquals(turns.map(({ bytes }) => bytes), [2 * MIB]);
  mux.ended(new TeleError("closed", "the test ends"));
});

/** An open as a session hands it over. */
function opened(id: number, send = MOST_START_CREDIT): Open {
  return { id, credits: { send, receive: 0 }, service: 0 };
}

Deno.test("a client refuses streams that the server opens", () => {
  const { mux } = alone(MIB);
  const error = assertThrows(() => mux.receiveOpen(opened(1)), TeleError);
  assertEquals(error.code, "protocol");
});

Deno.test("a server that sends something of a stream before its open has left ends the session", () => {
  const { mux, log } = alone(MIB);
  mux.open(duplexPair()[1]);
  const bytes = new Uint8Array(1);
  const acts = [
    () => mux.receiveData(1, 0, bytes, new Segment(bytes)),
    () => mux.receiveEnd(1, 1),
    () => mux.receiveWindow(1, 9),
    () => mux.receiveReset({ id: 1, offset: 1, code: 1, message: "" }),
  ];
  for (const act of acts) assertEquals(assertThrows(act, TeleError, "never opened").code, "protocol");
  mux.pull(log, MIB, MIB, 0);
  for (const act of acts) act();
  mux.ended(new TeleError("closed", "the test ends"));
});

Deno.test("credit that a stream took is the peer's again when all of its data has come, not when its end has", () => {
  for (const last of ["end", "reset"] as const) {
    const memory = new MemoryBudget(Infinity);
    const { mux } = alone(MIB, { memory, dial: () => new Promise(() => {}) });
    const started = memory.starts.used;
    mux.receiveOpen(opened(1, 100_000));
    if (last === "end") mux.receiveEnd(1, 60_000);
    else mux.receiveReset({ id: 1, offset: 60_000, code: 1, message: "" });
    assertEquals(memory.starts.used - started, 100_000, "all of its data may still come, by another carrier");
    const bytes = new Uint8Array(60_000);
    mux.receiveData(1, 0, bytes, new Segment(bytes));
    assertEquals(memory.starts.used - started, 60_000, "what waits for the user");
    mux.ended(new TeleError("closed", "the test ends"));
  }
});

Deno.test("window values that are old, repeated, of streams that are over, or far ahead do no harm", async () => {
  await withRogue(async ({ rogue, clock, upstream }) => {
    rogue.send(open(1, MOST_START_CREDIT, 1000), open(3), resetFrame(3, 0, 2, ""));
    await clock.advance(10);
    const writing = upstream[0].write(new Uint8Array(5000));
    const sent = () =>
      rogue.received.filter((line) => line.startsWith("data 1")).reduce(
        (sum, line) => sum + Number(line.split(" ")[2]),
        0,
      );
    await clock.advance(100);
    assertEquals(sent(), 1000);
    rogue.send(windowsFrame([1, 1500]));
    await clock.advance(100);
    assertEquals(sent(), 1500);
    rogue.send(windowsFrame([1, 1500], [1, 0], [1, 1000], [3, 9999]));
    await clock.advance(2_000);
    assertEquals(sent(), 1500);
    rogue.send(windowsFrame([1, 2 ** 50], [1, 1600]));
    await clock.advance(100);
    assertEquals(sent(), 5000);
    await writing;
    const more = upstream[0].write(new Uint8Array(5000));
    await clock.advance(100);
    assertEquals(sent(), 10_000, "an old value takes nothing back");
    await more;
    assertEquals(rogue.error, undefined);
  });
});

Deno.test("a windows frame that is not made of window values ends the session loudly", () =>
  endsLoudly([frameOf(FrameType.windows, new Uint8Array(11))], "window values"));

Deno.test("window values that were lost are told again, newest value, once for each stream that is still there", () => {
  const { mux, log } = alone(MIB, { dial: () => new Promise(() => {}) });
  for (const id of [1, 3]) mux.receiveOpen(opened(id, 4_096));
  mux.receiveReset({ id: 3, offset: 0, code: 1, message: "" });
  for (const id of [1, 1, 3, 99]) mux.windowLost(id);
  mux.pull(log, MIB, MIB, 0);
  assertEquals(log.nextWrite(new WriteHold()), windowsFrame([1, 4_096]));
  mux.pull(log, MIB, MIB, 0);
  assertEquals(log.hasUnsent, false);
  mux.ended(new TeleError("closed", "the test ends"));
});

Deno.test("a peer that takes window values and acknowledges none ends its session, in bounded memory", async () => {
  const consumer: Duplex = {
    peer: "a user that takes what comes at once",
    read: () => new Promise(() => {}),
    write: () => Promise.resolve(),
    writeNow: () => undefined,
    closeWrite: () => Promise.resolve(),
    abort() {},
    close() {},
  };
  // Slow enough for its window to stay as it is.
  let nowMs = 0;
  const clock: Clock = { now: () => nowMs += 10, wallNow: () => nowMs, setTimer: () => ({ cancel() {} }) };
  const { mux, budget, log } = alone(64 * KIB, { clock, dial: () => Promise.resolve(consumer) });
  // One byte of credit: each byte that is taken is worth a value.
  mux.receiveOpen(opened(1, 1));
  mux.turnEnded();
  await settle();
  const byte = new Uint8Array(1);
  const error = assertThrows(() => {
    for (let offset = 0; offset < 100_000; offset++) {
      mux.turnEnded();
      mux.receiveData(1, offset, byte, new Segment(byte));
      mux.pull(log, MIB, MIB, 0);
      readAll(log, readerOf(() => {}));
    }
  }, TeleError);
  assertEquals(error.code, "protocol");
  assertLessOrEqual(budget.excessBytes, 1.1 * MOST_EXCESS_BYTES);
  mux.ended(new TeleError("closed", "the test ends"));
});

/** A mux with one stream, of which data may be early. */
function oneStream(memory: MemoryBudget) {
  const { mux, log } = alone(MIB, { dial: () => new Promise(() => {}), memory });
  mux.receiveOpen({ id: 1, credits: { send: MOST_START_CREDIT, receive: MOST_START_CREDIT }, service: 0 });
  const bring = (offset: number) => {
    const segment = new Segment(new Uint8Array(10));
    mux.receiveData(1, offset, segment.memory, segment);
  };
  return { mux, log, bring };
}

Deno.test("early pieces cost memory of all sessions until what is in front of them came, or their stream is over", () => {
  const memory = new MemoryBudget(64 * MIB);
  const { mux, bring } = oneStream(memory);
  const before = memory.used;
  for (const offset of [20, 60, 100]) bring(offset);
  assertEquals(memory.used - before, 3 * EARLY_PIECE_BYTES);
  bring(10);
  assertEquals(memory.used - before, 3 * EARLY_PIECE_BYTES + 20, "one piece, with room for as much as it has");
  bring(0);
  assertEquals(memory.used - before, 2 * EARLY_PIECE_BYTES);
  mux.ended(new TeleError("closed", "the test ends"));
  assertEquals(memory.used, 0);
});

Deno.test("early data for which there is no memory loses its carrier, and the stream goes on", () => {
  const memory = new MemoryBudget(64 * MIB);
  const { mux, bring } = oneStream(memory);
  bring(50);
  const rest = memory.starts.free;
  memory.starts.claim(rest);
  const error = assertThrows(() => bring(80), TeleError, "no memory left for data");
  assertEquals([error.code, mux.streamCount, mux.gaps.gaps], ["carrier-lost", 1, 1]);
  // What is due is always taken.
  for (const offset of [0, 10, 20, 30, 40, 60, 70, 80]) bring(offset);
  assertEquals(mux.gaps.gaps, 0);
  memory.starts.give(rest);
  mux.ended(new TeleError("closed", "the test ends"));
  assertEquals(memory.used, 0);
});
