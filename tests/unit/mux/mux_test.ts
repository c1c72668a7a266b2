/** The records of a session: what leaves together, whose turn it is, and what a peer may not send. */
import { assert, assertEquals, assertLessOrEqual, assertStringIncludes, assertThrows } from "@std/assert";
import { EARLY_STREAMS, MOST_START_CREDIT } from "../../../lib/mux/mux_constants.ts";
import { Mux } from "../../../lib/mux/mux.ts";
import { RecordDecoder } from "../../../lib/mux/records.ts";
import { TeleError } from "../../../lib/net/error.ts";
import { duplexPair } from "../../../lib/net/pipe.ts";
import { Segment, SegmentPool } from "../../../lib/session/segment_pool.ts";
import { ReplayLog } from "../../../lib/session/carrier/replay_log.ts";
import { WriteHold } from "../../../lib/session/carrier/write_hold.ts";
import { FakeClock, settle } from "../../support/fake_clock.ts";
import { callingUser, KIB, MIB, MuxWorld, text } from "../../support/mux_world.ts";
import { readText } from "../../support/reading.ts";
import { withRogue } from "../../support/rogue_client.ts";
import { dataRecord, finRecord, openRecord } from "../../fuzz/frames.ts";

/** An open record that takes and grants all the credit that a new stream may have. */
function open(id: number, send = MOST_START_CREDIT, receive = MOST_START_CREDIT): Uint8Array {
  return openRecord(id, send, receive);
}

function data(id: number, length: number): Uint8Array {
  return dataRecord(id, new Uint8Array(length));
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

/** Sends records that break a rule, and checks that the session ends loudly on both sides. */
async function endsLoudly(records: Uint8Array[], message: string): Promise<void> {
  await withRogue(async ({ rogue, clock, log, ends }) => {
    rogue.send(open(1), data(1, 10));
    await clock.advance(10);
    rogue.send(...records);
    await clock.advance(100);
    assertStringIncludes(rogue.error?.message ?? "(no end)", message);
    assert(log.some((line) => line.includes("ended") && line.includes(message)), log.join("\n"));
    assertEquals(ends.map((end) => end.kind === "cut" && end.message.includes(message)), [true]);
  });
}

Deno.test("data beyond the credit ends the session loudly", async () => {
  await withRogue(async ({ rogue, clock, log, ends }) => {
    rogue.send(open(1), data(1, MOST_START_CREDIT / 2), data(1, MOST_START_CREDIT / 2));
    await clock.advance(1_000);
    assertEquals(rogue.error, undefined, "the whole credit may be used");
    rogue.send(data(1, 1));
    await clock.advance(100);
    assertStringIncludes(rogue.error?.message ?? "", "credit");
    assert(log.some((line) => line.includes("ended") && line.includes("credit")), log.join("\n"));
    assertEquals(ends.map(({ kind }) => kind), ["cut"]);
  });
});

Deno.test("an open record that takes more credit than there is ends the session loudly", () =>
  endsLoudly([open(2, MOST_START_CREDIT + 1)], "credit"));

Deno.test("data behind the end of its direction ends the session loudly", () =>
  endsLoudly([finRecord(1), data(1, 1)], "had ended"));

Deno.test("a stream that is opened twice ends the session loudly", () => endsLoudly([open(1)], "twice"));

Deno.test("a record of an unknown type ends the session loudly", () => endsLoudly([new Uint8Array([9])], "type 9"));

Deno.test("records of streams that nobody knows are dropped", async () => {
  await withRogue(async ({ rogue, clock }) => {
    const reset = new Uint8Array([4, 0, 0, 0, 77, 0, 2, 0, 0]);
    rogue.send(data(77, 10), finRecord(77), reset, open(1));
    await clock.advance(100);
    assertEquals(rogue.error, undefined);
  });
});

Deno.test("where acknowledgements make little room, data does not go in pieces that are headers for the most part", async () => {
  const mux = new Mux({
    clock: new FakeClock(),
    pool: new SegmentPool({ plenty: 9 }),
    maxStreams: 9,
    open: { count: 0 },
  });
  // Beyond 20 000 bytes the log is full; a limit of 600 is below the least room that is worth a record.
  for (const [limitBytes, mostRecords] of [[20_000, 100], [600, 300]]) {
    const log = new ReplayLog({ limitBytes });
    const [user, far] = duplexPair();
    mux.open(far);
    let [records, received] = [0, 0];
    const decoder = new RecordDecoder({
      open: () => {},
      data: (_id, bytes) => {
        records++;
        received += bytes.length;
      },
      fin: () => {},
      reset: () => {},
    });
    user.write(new Uint8Array(50_000)).then(() => user.closeWrite(), () => {});
    for (let steps = 0; received < 50_000; steps++) {
      assert(steps < 20_000, `${received} bytes in ${records} records, then nothing`);
      await settle();
      mux.pull(log, 256 * KIB, 64 * KIB);
      const next = () => log.nextWrite(new WriteHold());
      for (let frame = next(); frame !== undefined; frame = next()) decoder.push(frame.slice(5));
      log.acknowledge(Math.min(log.acknowledged + 20, log.sent));
    }
    assertLessOrEqual(records, mostRecords);
    user.abort();
    far.abort();
    await settle();
  }
});

Deno.test("bulk streams take turns of bounded size, and one alone takes all that may go", async () => {
  const mux = new Mux({
    clock: new FakeClock(),
    pool: new SegmentPool({ plenty: 9 }),
    maxStreams: 9,
    open: { count: 0 },
  });
  const log = new ReplayLog({ limitBytes: 16 * MIB });
  let turns: { id: number; bytes: number }[] = [];
  const decoder = new RecordDecoder({
    open: () => {},
    data: (id, bytes) => {
      if (turns.at(-1)?.id === id) turns.at(-1)!.bytes += bytes.length;
      else turns.push({ id, bytes: bytes.length });
    },
    fin: () => {},
    reset: () => {},
  });
  /** Pulls until nothing comes; the frames are taken apart as the peer would, and acknowledged. */
  const pull = async () => {
    for (let end = -1; end !== log.end;) {
      end = log.end;
      await settle();
      mux.pull(log, 256 * KIB, 64 * KIB);
      const next = () => log.nextWrite(new WriteHold());
      for (let frame = next(); frame !== undefined; frame = next()) decoder.push(frame.slice(5));
      log.acknowledge(log.sent);
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
  const alone = users[0].user.write(new Uint8Array(2 * MIB));
  await pull();
  await alone;
  assertEquals(turns.map(({ bytes }) => bytes), [2 * MIB]);
  mux.ended(new TeleError("closed", "the test ends"));
});

Deno.test("a client refuses streams that the server opens", () => {
  const clock = new FakeClock();
  const mux = new Mux({ clock, pool: new SegmentPool({ plenty: 1 }), maxStreams: 1, open: { count: 0 } });
  const record = open(1);
  const error = assertThrows(() => mux.receive(record, new Segment(record)), TeleError);
  assertEquals(error.code, "protocol");
});

Deno.test("window values that are old, repeated, for unknown streams or far ahead do no harm", async () => {
  const hint = (id: number, offset: number) => {
    const bytes = new Uint8Array(12);
    new DataView(bytes.buffer).setUint32(0, id);
    new DataView(bytes.buffer).setBigUint64(4, BigInt(offset));
    return bytes;
  };
  await withRogue(async ({ rogue, clock, upstream }) => {
    rogue.send(open(1, MOST_START_CREDIT, 1000));
    await clock.advance(10);
    const writing = upstream[0].write(new Uint8Array(5000));
    const sent = () =>
      rogue.received.filter((line) => line.startsWith("data 1")).reduce(
        (sum, line) => sum + Number(line.split(" ")[2]),
        0,
      );
    await clock.advance(100);
    assertEquals(sent(), 1000);
    rogue.hintsDue.push(hint(1, 1500));
    rogue.wake();
    await clock.advance(100);
    assertEquals(sent(), 1500);
    rogue.hintsDue.push(hint(1, 1500), hint(1, 0), hint(1, 1000), hint(42, 9999));
    rogue.wake();
    await clock.advance(2_000);
    assertEquals(sent(), 1500);
    rogue.hintsDue.push(hint(1, 2 ** 50), hint(1, 1600));
    rogue.wake();
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

Deno.test("a hint that is not made of window values ends the session loudly", async () => {
  await withRogue(async ({ rogue, clock }) => {
    rogue.send(open(1));
    rogue.hintsDue.push(new Uint8Array(11));
    rogue.wake();
    await clock.advance(100);
    assertStringIncludes(rogue.error?.message ?? "(no end)", "hint");
  });
});
