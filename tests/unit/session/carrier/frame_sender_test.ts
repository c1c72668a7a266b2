/** One write has all that is due: control frames in front, and counted ones as far as there is room. */
import { assert, assertEquals } from "@std/assert";
import { FrameDecoder } from "../../../../lib/ping/codec.ts";
import { OutgoingControl } from "../../../../lib/session/carrier/control.ts";
import { FrameLog } from "../../../../lib/session/carrier/frame_log.ts";
import { FrameSender } from "../../../../lib/session/carrier/frame_sender.ts";
import { type Caution, NO_CAUTION, PIECE_MS, SMALL_BYTES } from "../../../../lib/session/carrier/pace.ts";
import { SendRoom } from "../../../../lib/session/carrier/send_room.ts";
import { PathBound } from "../../../../lib/session/path/path_bound.ts";
import { LogBudget } from "../../../../lib/session/log_budget.ts";
import { SegmentPool } from "../../../../lib/session/segment_pool.ts";
import { FrameType, HEADROOM_BYTES, MAX_SESSION_FRAME_BYTES } from "../../../../lib/session/session_constants.ts";
import { FakeClock } from "../../../support/fake_clock.ts";
import { dataFrame } from "../../../support/frames.ts";

/** A sender whose session has these frames for it. */
function setUp({ frames = [] as Uint8Array[], caution = NO_CAUTION as Caution, limitBytes = 1 << 20 } = {}) {
  const clock = new FakeClock({ nowMs: 0 });
  const budget = new LogBudget({ limitBytes });
  const log = new FrameLog(budget);
  const room = new SendRoom(caution, new PathBound().join());
  const control = new OutgoingControl({ nowMs: 0, pingIntervalMs: 30_000 });
  const told: string[] = [];
  const pulls: [bulkBytes: number, urgentBytes: number][] = [];
  const world = { clock, budget, log, room, control, told, pulls, frames, receiver: { takenBytes: 0 } };
  const sender = new FrameSender({
    clock,
    log,
    room,
    control,
    budget,
    pull(bulkBytes, urgentBytes) {
      pulls.push([bulkBytes, urgentBytes]);
      for (const frame of world.frames.splice(0)) {
        const at = log.reserve(frame.length);
        log.arena.set(frame, at);
      }
    },
    watch: {
      preparing: (nowMs, withData) => void told.push(`preparing at ${nowMs}${withData ? " with data" : ""}`),
      wrote: (nowMs) => void told.push(`wrote at ${nowMs}`),
    },
    receiver: world.receiver,
    wake: () => void told.push(`wake at ${clock.now()}`),
  });
  return { ...world, world, sender };
}

/** The first bytes of each frame in `bytes`: types. */
function typesIn(bytes: Uint8Array | undefined): number[] {
  const types: number[] = [];
  let isFirst = true;
  const decoder = new FrameDecoder(MAX_SESSION_FRAME_BYTES, {
    frameStart: () => void (isFirst = true),
    frameData: (piece) => {
      if (isFirst) types.push(piece[0]);
      isFirst = false;
    },
    frameEnd: () => {},
  });
  if (bytes !== undefined) decoder.push(bytes);
  return types;
}

const { acknowledge, probe, data, goodbye } = FrameType;

Deno.test("the first write has a probe in front of what there is; with nothing due there is none", () => {
  const { sender, told, world } = setUp({ frames: [dataFrame(1, 0, new Uint8Array(10))] });
  assertEquals(typesIn(sender.next()), [probe, data]);
  sender.written();
  assertEquals(sender.next(), undefined);
  assertEquals(told, ["preparing at 0 with data", "wrote at 0", "preparing at 0"]);
  world.receiver.takenBytes = 5;
  assertEquals(sender.next(), undefined, "an acknowledgement waits for data, or until it is due");
  world.frames.push(dataFrame(1, 10, new Uint8Array(10)));
  assertEquals(typesIn(sender.next()), [acknowledge, data]);
  sender.written();
});

Deno.test("control frames go into the room in front of the frame, where its memory is: nothing is copied or allocated", () => {
  const { sender, log } = setUp({ frames: [dataFrame(1, 0, new Uint8Array(10))] });
  const bytes = sender.next()!;
  assert(bytes.buffer === log.arena.buffer);
  assertEquals(bytes.byteOffset, HEADROOM_BYTES - (bytes.length - 27));
  sender.written();
});

Deno.test("where there is no room in front, control frames leave on their own, and the frame next", () => {
  const { sender, log } = setUp();
  const memory = dataFrame(1, 0, new Uint8Array(10));
  log.adopt(memory, 0, memory.length, { headroom: 0 });
  assertEquals(typesIn(sender.next()), [probe]);
  sender.written();
  assertEquals(typesIn(sender.next()), [data]);
  sender.written();
});

Deno.test("the session is asked for as much as there is room, and only when all of before has left", () => {
  const { sender, room, pulls, world } = setUp();
  sender.next();
  sender.written();
  assertEquals(pulls, [[room.bulkBytes(0), room.urgentBytes(0)]]);
  const frame = dataFrame(1, 0, new Uint8Array(3_000));
  world.frames.push(...Array.from({ length: 40 }, () => frame));
  sender.next();
  assertEquals(pulls.length, 2);
  sender.written();
  for (let writes = 0; sender.next() !== undefined; writes++) {
    sender.written();
    assert(writes < 100);
  }
  assertEquals(pulls.length, 3, "for the next only when nothing was left");
  assertEquals(room.flight.inFlight, 40 * frame.length);
});

Deno.test("behind a write that had all there was nobody need ask for more, unless there was no room, or it is much", () => {
  /** Whether more is asked for behind the first write. */
  const asksOn = (options: Parameters<typeof setUp>[0]) => {
    const { sender } = setUp(options);
    sender.next();
    return sender.written();
  };
  const little = dataFrame(1, 0, new Uint8Array(100));
  assertEquals([asksOn({}), asksOn({ frames: [little] })], [false, false]);
  assert(asksOn({ frames: [little], limitBytes: 1_000 }), "the log has no room");
  assert(asksOn({ frames: [little], caution: { level: 1, heldUntilMs: -Infinity } }), "pieces are small");
  assert(asksOn({ frames: [dataFrame(1, 0, new Uint8Array(20_000))] }), "streams have their turns one by one");
});

Deno.test("what comes during a write is asked for, though the one behind that has only the rest of before", () => {
  const { sender, frames, log, room } = setUp({ frames: [dataFrame(1, 0, new Uint8Array(25_000))] });
  sender.next();
  sender.written();
  room.acknowledged(10, 0, log.handed);
  // The second one has no room behind the first, and leaves by itself.
  frames.push(dataFrame(1, 25_000, new Uint8Array(5_000)), dataFrame(1, 30_000, new Uint8Array(5_000)));
  assertEquals([typesIn(sender.next()), sender.written()], [[data], true]);
  assertEquals([typesIn(sender.next()), sender.written()], [[data], true]);
  assertEquals([typesIn(sender.next()), sender.written()], [[], false]);
});

Deno.test("behind a write with too little to fill the path, what is measured is not the path's rate", () => {
  const { sender, room } = setUp({ frames: [dataFrame(1, 0, new Uint8Array(1_000))] });
  sender.next();
  sender.written();
  room.acknowledged(10, 0, 500);
  room.sent(20, 1_017, 2_000);
  room.acknowledged(120, 500, 2_000);
  assertEquals(room.flight.rates.isFound, false);
});

Deno.test("whoever acknowledges is told whether something waits for room", () => {
  const idle = setUp();
  idle.sender.next();
  assertEquals(idle.sender.awaitsRoom, false);
  const full = setUp({ limitBytes: 4_000 });
  full.frames.push(dataFrame(1, 0, new Uint8Array(3_500)));
  full.sender.next();
  assertEquals(full.sender.awaitsRoom, true, "the log has no room");
  const flying = setUp();
  flying.room.sent(0, 0, flying.room.bulkBytes(0));
  flying.sender.next();
  assertEquals(flying.sender.awaitsRoom, true, "the path has no room");
});

Deno.test("cautiously, one small piece leaves after the other, each a moment later", async () => {
  const { sender, told, clock } = setUp({
    frames: [1, 2].map((id) => dataFrame(id, 0, new Uint8Array(SMALL_BYTES - 17))),
    caution: { level: 1, heldUntilMs: -Infinity },
  });
  assertEquals(typesIn(sender.next()), [probe, data]);
  sender.written();
  assertEquals(sender.next(), undefined, "the next piece would be joined to it");
  assertEquals(sender.awaitsRoom, true);
  await clock.advance(PIECE_MS);
  assert(told.includes(`wake at ${PIECE_MS}`));
  assertEquals(typesIn(sender.next()), [data]);
  sender.stop();
  assertEquals(clock.pendingTimers, 0);
});

Deno.test("the memory of a write is held until it is done or has failed, whatever is acknowledged meanwhile", () => {
  for (const settled of ["written", "failed"] as const) {
    const { sender, log } = setUp();
    const pool = new SegmentPool({ plenty: 4 });
    const segment = pool.take();
    const frame = dataFrame(1, 0, new Uint8Array(5_000));
    segment.memory.set(frame);
    log.adopt(segment.memory, 0, frame.length, { segment, headroom: 0 });
    segment.release();
    sender.next();
    sender.written();
    sender.next();
    log.acknowledge(frame.length);
    assert(pool.take() !== segment);
    sender[settled]();
    assert(pool.take() === segment, settled);
  }
});

Deno.test("a goodbye has in front what is due, an acknowledgement only where it is wanted", () => {
  for (const acknowledges of [true, false]) {
    const { sender, control, world } = setUp();
    sender.next();
    sender.written();
    world.receiver.takenBytes = 7;
    control.acknowledgeDue = !acknowledges;
    const bytes = sender.lastWords({ code: 1, message: "done" }, acknowledges, []);
    assertEquals(typesIn(bytes), acknowledges ? [acknowledge, goodbye] : [goodbye]);
  }
});
