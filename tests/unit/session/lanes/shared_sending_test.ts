/** What a session sends on a carrier that can take more: all of it where that is the only one, else its share. */
import { assert, assertEquals, assertThrows } from "@std/assert";
import type { Carrier } from "../../../../lib/session/carrier/carrier.ts";
import { FrameLog } from "../../../../lib/session/carrier/frame_log.ts";
import { WriteHold } from "../../../../lib/session/carrier/write_hold.ts";
import { AttachedCarrier, Carriers } from "../../../../lib/session/carriers.ts";
import type { Lane } from "../../../../lib/session/handshake/messages.ts";
import { Arrival } from "../../../../lib/session/lanes/arrival.ts";
import { SharedSending } from "../../../../lib/session/lanes/shared_sending.ts";
import { Standstill } from "../../../../lib/session/lanes/standstill.ts";
import { LogBudget } from "../../../../lib/session/log_budget.ts";
import type { Remainders } from "../../../../lib/session/remainders.ts";
import { FrameType, LANE_FRAME_BYTES } from "../../../../lib/session/session_constants.ts";
import { BULK, LONE_BULK, NOTHING_NEW, QUIET, type Share } from "../../../../lib/session/share.ts";
import type { UpperLayer } from "../../../../lib/session/upper_layer.ts";
import { TeleError } from "../../../../lib/net/error.ts";
import { FakeClock } from "../../../support/fake_clock.ts";
import { dataFrame } from "../../../support/frames.ts";

const BUDGET = new LogBudget({ limitBytes: 1 << 30 });

/** A carrier, as what is tested sees one. */
class TestCarrier {
  readonly log = new FrameLog(BUDGET);
  readonly roundTripMs = 20;
  readonly hasRoom = true;
  readonly isFull = false;
  readonly path = "a";
  readonly done = Promise.resolve();
  readonly room;

  constructor(readonly number: number) {
    const { log } = this;
    this.room = {
      standstill: new Standstill(),
      arrival: new Arrival(),
      isLimited: true,
      pace: { isFree: true },
      flight: {
        mayBeSpread: true,
        rateBytesPerMs: 100,
        lowestRoundTripMs: 20,
        roundTripMs: 700,
        get inFlight() {
          return log.handed - log.acknowledged;
        },
      },
    };
  }

  wake(): void {}

  send(nowMs: number, bytes: number): void {
    const frame = dataFrame(1, 0, new Uint8Array(bytes - 17));
    this.log.adopt(frame, 0, frame.length, { headroom: 0 });
    this.log.nextWrite(new WriteHold());
    this.room.standstill.sent(nowMs);
    this.room.arrival.sent(nowMs);
  }

  /** Types of the frames that wait in its log. */
  get types(): number[] {
    const types: number[] = [];
    const hold = new WriteHold();
    for (let bytes = this.log.nextWrite(hold); bytes !== undefined; bytes = this.log.nextWrite(hold)) {
      types.push(bytes[4]);
      hold.release();
    }
    return types;
  }
}

function world(end: "client" | "server", ...lanes: Lane[]) {
  const clock = new FakeClock();
  const attached = new Carriers();
  const carriers = lanes.map((_, number) => new TestCarrier(number));
  carriers.forEach((carrier, at) => {
    attached.add(new AttachedCarrier(carrier as unknown as Carrier, lanes[at], true));
  });
  const pulled: (Share | "all")[] = [];
  const rooms: [bulkBytes: number, urgentBytes: number][] = [];
  const wished: [string, number][] = [];
  const upper = {
    bulkCreditBytes: Infinity as number | undefined,
    hasBacklog: true,
    streamCount: 2,
    backlog: () => ({ backlogMs: 1_000, isBulk: true }),
    pull: (_log: FrameLog, bulkBytes: number, urgentBytes: number) => {
      pulled.push("all");
      rooms.push([bulkBytes, urgentBytes]);
    },
    pullShare: (_log: FrameLog, bulkBytes: number, urgentBytes: number, share: Share) => {
      pulled.push(share);
      rooms.push([bulkBytes, urgentBytes]);
    },
  };
  const remainders = {
    hasDue: false,
    mayBeSpread: true,
    toldBytes: 0,
    moveTo: (_log: FrameLog, _bytes: number, _share?: Share) => 0,
    told(bytes: number) {
      this.toldBytes += bytes;
    },
  };
  const onWished = (by: "own" | "peer", count: number) => void wished.push([by, count]);
  const sending = new SharedSending({
    clock,
    end,
    upper: upper as unknown as UpperLayer,
    onWished,
    attached,
    remainders: remainders as unknown as Remainders,
  });
  const pull = (at: number) => sending.pull(carriers[at] as unknown as Carrier, 100_000, 100_000, clock.now());
  return { clock, carriers, attached, remainders, upper, sending, pull, pulled, rooms, wished };
}

Deno.test("the only carrier is given everything", () => {
  const { sending, pull, pulled } = world("client", "quiet");
  pull(0);
  assertEquals(pulled, ["all"]);
  sending.stop();
});

Deno.test("a client that wishes for bulk carriers says so to who dials, a server tells its peer in a frame", () => {
  const client = world("client", "quiet");
  client.pull(0);
  assertEquals([client.wished, client.carriers[0].types], [[["own", 9]], []]);
  client.sending.stop();
  const server = world("server", "quiet");
  server.pull(0);
  assertEquals([server.wished, server.carriers[0].types], [[], [FrameType.want]]);
  server.sending.stop();
});

Deno.test("what the peer wishes for is told once, and a client wishes for nothing from a server", () => {
  const client = world("client", "quiet");
  for (const rise of [1, 1, 2]) client.sending.want({ rise, count: 3 });
  assertEquals(client.wished, [["peer", 3], ["peer", 3]]);
  assertThrows(() => world("server", "quiet").sending.want({ rise: 1, count: 3 }), TeleError, "wants carriers");
});

Deno.test("a chunk of bulk goes on the bulk carrier on which it would be first, the other has nothing new", () => {
  const { clock, carriers, sending, pull, pulled } = world("client", "quiet", "bulk", "bulk");
  carriers[1].send(clock.now(), 100_000);
  pull(1);
  pull(2);
  pull(0);
  assertEquals(pulled.map((share) => share !== "all" && share.bulk), [false, true, false]);
  assertEquals(pulled.map((share) => share !== "all" && share.smallBulk), [true, false, false]);
  assertEquals(pulled[2], QUIET, "what is small waits behind no bulk");
  sending.stop();
});

Deno.test("of two that have room for different amounts not both wait for the other", () => {
  const { clock, carriers, sending, pulled } = world("client", "quiet", "bulk", "bulk");
  carriers[1].send(clock.now(), 16_384);
  carriers[1].room.flight.rateBytesPerMs = 640;
  carriers[2].room.flight.rateBytesPerMs = 481;
  for (const [at, bytes] of [[1, 40_000], [2, 100_000]]) {
    sending.pull(carriers[at] as unknown as Carrier, bytes, bytes, clock.now());
  }
  assertEquals(pulled.map((share) => share !== "all" && share.bulk), [true, false]);
  sending.stop();
});

Deno.test("what stands still on another carrier goes in front of what is new", async () => {
  const { clock, carriers, sending, pull } = world("client", "quiet", "bulk", "bulk");
  carriers[1].send(clock.now(), 1_000);
  await clock.advance(60);
  pull(2);
  assertEquals(carriers[2].types, [FrameType.data]);
  sending.stop();
  assertEquals(clock.pendingTimers, 0);
});

Deno.test("a copy of what is large goes on no carrier whose pace is not free, and one of what is small does", async () => {
  for (const [bytes, careful, free] of [[1_025, 0, 1], [1_024, 1, 0]]) {
    const { clock, carriers, sending, pull, pulled } = world("client", "quiet", "bulk", "bulk");
    carriers[1].send(clock.now(), bytes);
    await clock.advance(60);
    carriers[2].room.pace = { isFree: false };
    pull(2);
    assertEquals([carriers[2].types.length, pulled.length], [careful, 1], "it is given what is new");
    carriers[2].room.pace = { isFree: true };
    pull(2);
    assertEquals(carriers[2].types.length, free);
    sending.stop();
  }
});

Deno.test("where long frames have no room one bulk carrier has all of the bulk, in short ones", () => {
  for (const holder of ["path", "log", "pace"]) {
    const { remainders, carriers, sending, pull, pulled } = world("client", "quiet", "bulk", "bulk");
    if (holder === "log") remainders.mayBeSpread = false;
    for (const { room } of carriers) {
      if (holder === "path") room.flight.mayBeSpread = false;
      if (holder === "pace") room.pace = { isFree: false };
    }
    for (let number = 0; number < 3; number++) pull(number);
    assertEquals(pulled, [QUIET, LONE_BULK, NOTHING_NEW], holder);
    sending.stop();
  }
});

Deno.test("bulk is spread on a path as soon as one of its carriers has a free pace, also on those that send small pieces", () => {
  const { carriers, sending, pull, pulled } = world("client", "quiet", "bulk", "bulk");
  carriers[2].room.pace = { isFree: false };
  for (const number of [1, 2]) pull(number);
  for (const share of pulled) assert(typeof share !== "string" && share.isSpread);
  sending.stop();
});

Deno.test("what is sent again leaves less room for what is new, with one carrier as with several", () => {
  for (const lanes of [["quiet"], ["quiet", "bulk"]] as const) {
    const { remainders, sending, pull, rooms } = world("client", ...lanes);
    remainders.moveTo = () => 30_000;
    pull(0);
    remainders.moveTo = () => 200_000;
    pull(0);
    assertEquals(rooms, [[70_000, 70_000], [0, 0]], `${lanes.length} carriers`);
    sending.stop();
  }
});

Deno.test("small frames of bulk that are sent again go on one of several bulk carriers, though nothing new waits", () => {
  const { remainders, sending, pull, upper } = world("client", "quiet", "bulk", "bulk");
  upper.bulkCreditBytes = undefined;
  const shares: (Share | undefined)[] = [];
  remainders.moveTo = (_log, _bytes, share) => shares.push(share);
  for (let number = 0; number < 3; number++) pull(number);
  assertEquals(shares.splice(0), [QUIET, BULK, BULK], "nothing waits");
  remainders.hasDue = true;
  for (let number = 0; number < 3; number++) pull(number);
  assertEquals(shares, [QUIET, { ...BULK, smallBulk: true }, BULK]);
  sending.stop();
});

Deno.test("the lane of a carrier is told on it, in a piece of its own", () => {
  const { attached, carriers, remainders, sending, pull } = world("client", "quiet", "bulk");
  attached.all[1].isLaneDue = true;
  pull(1);
  assertEquals(remainders.toldBytes, LANE_FRAME_BYTES);
  assertEquals(carriers[1].types, [FrameType.lane]);
  assertEquals(attached.all[1].isLaneDue, false);
  sending.stop();
});
