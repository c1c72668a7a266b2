/**
 * One session on carriers of 4 KiB each way: a stream that stays, many that rest, and short ones that come and go. In
 * short form; of more, 100,000 take about a minute:
 *
 *     TELE_SHORT_STREAMS=100000 TELE_IDLE_STREAMS=10000 deno test -A tests/endurance/short_streams_test.ts
 *
 * @module
 */
import { assert, assertEquals } from "@std/assert";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { MuxClient, MuxServer } from "../../lib/mux/link.ts";
import type { Duplex } from "../../lib/net/duplex.ts";
import { duplexPair } from "../../lib/net/pipe.ts";
import { type Segment, SegmentPool } from "../../lib/session/segment_pool.ts";
import { FakeClock } from "../support/fake_clock.ts";
import { onMemoryFault } from "../support/lent_memory.ts";
import { MemoryNetwork } from "../support/memory_network.ts";
import { viewOf } from "../support/random.ts";

/** Streams that come and go, and streams that rest. */
const SHORT = Number(Deno.env.get("TELE_SHORT_STREAMS") ?? 3_000);
const IDLE = Number(Deno.env.get("TELE_IDLE_STREAMS") ?? 300);
/** Of a carrier, in each direction. */
const CARRIER_BYTES = 4 * 1024;
/** Short streams that are under way at once. */
const AT_ONCE = 20;
const SHORT_BYTES = 60;
/** Between two bytes of the long stream, in milliseconds. */
const LONG_MS = 20;
/** What the heap may grow by between a third of them and the end, in bytes: nothing that each stream leaves. */
const MOST_GROWTH_BYTES = 3 * 2 ** 20;
const LIMIT_MS = 600_000 + 10 * SHORT;

setFlagsFromString("--expose-gc");
const collect = runInNewContext("gc") as () => void;

/** Sends back what it reads, and the end behind it. */
async function echo(user: Duplex): Promise<void> {
  const into = new Uint8Array(1024);
  for (let count = await user.read(into); count !== null; count = await user.read(into)) {
    await user.write(into.slice(0, count));
  }
  await user.closeWrite();
}

/** Byte `at` of what stream `key` sends. */
function byteOf(key: number, at: number): number {
  return (key * 37 + at * 11 + (at >> 8)) & 0xff;
}

/** Client and server, whose carriers die behind 4 KiB. */
class World {
  readonly clock = new FakeClock();
  readonly client: MuxClient;
  readonly server: MuxServer;
  readonly lines: string[] = [];
  /** Carriers there were. */
  carriers = 0;
  /** Segments that are not in their pools. */
  readonly held: Set<Segment> = new Set();

  constructor() {
    const { clock } = this;
    const log = (level: string, message: string) =>
      void (/error|broke/.test(level + message) && this.lines.push(message));
    const network = new MemoryNetwork({ clock, delayMs: 1, onConnection: (carrier) => void server.accept(carrier) });
    network.onPipe = (pipe) => {
      this.carriers++;
      pipe.aToB.cutAfter(CARRIER_BYTES);
      pipe.bToA.cutAfter(CARRIER_BYTES);
      network.pipes.length = 0;
    };
    const dial = () => {
      const [near, far] = duplexPair();
      echo(near).catch((error) => this.lines.push(String(error)));
      return Promise.resolve(far);
    };
    const maxStreams = IDLE + AT_ONCE + 10;
    const server = this.server = new MuxServer({ clock, log, dial, maxStreams });
    this.client = new MuxClient({ clock, log, dial: (signal) => network.dial(signal), carriers: 1, maxStreams });
  }

  open(): Duplex {
    const [user, far] = duplexPair();
    this.client.open(far);
    return user;
  }

  /** Says something, and looks at the answer and the end behind it. */
  async talk(user: Duplex, key: number): Promise<void> {
    await user.write(Uint8Array.from({ length: SHORT_BYTES }, (_, at) => byteOf(key, at)));
    await user.closeWrite();
    const into = new Uint8Array(256);
    let came = 0;
    for (let count = await user.read(into); count !== null; count = await user.read(into)) {
      for (let at = 0; at < count; at++) assertEquals(into[at], byteOf(key, came + at));
      came += count;
    }
    assertEquals(came, SHORT_BYTES);
    user.close();
  }
}

/** One byte after the other to the end, and its echo, which is read meanwhile. */
class LongTalk {
  sent = 0;
  came = 0;
  readonly #user: Duplex;

  constructor(user: Duplex) {
    this.#user = user;
  }

  async read(): Promise<void> {
    const into = new Uint8Array(256);
    for (let count = await this.#user.read(into); count !== null; count = await this.#user.read(into)) {
      const due = Uint8Array.from({ length: count }, (_, at) => byteOf(0, this.came + at));
      assert(viewOf(into.subarray(0, count)).equals(due), `byte ${this.came} of the long stream`);
      this.came += count;
    }
  }

  async send(): Promise<void> {
    await this.#user.write(new Uint8Array([byteOf(0, this.sent++)]));
  }

  end(): Promise<void> {
    return this.#user.closeWrite();
  }
}

/** Counts segments from their leaving a pool to their coming back; returns how to stop that. */
function countSegments(held: Set<Segment>): () => void {
  const { take, takeSmall, giveBack } = SegmentPool.prototype;
  const taken = (segment: Segment) => (held.add(segment), segment);
  SegmentPool.prototype.take = function (this: SegmentPool) {
    return taken(take.call(this));
  };
  SegmentPool.prototype.takeSmall = function (this: SegmentPool) {
    return taken(takeSmall.call(this));
  };
  SegmentPool.prototype.giveBack = function (this: SegmentPool, segment) {
    held.delete(segment);
    giveBack.call(this, segment);
  };
  return () => Object.assign(SegmentPool.prototype, { take, takeSmall, giveBack });
}

Deno.test("short streams on carriers of 4 KiB, beside one that stays and many that rest: exact bytes, flat memory, every segment back", async () => {
  const world = new World();
  const faults: string[] = [];
  onMemoryFault((fault) => faults.push(fault));
  const stopCounting = countSegments(world.held);
  try {
    const { clock } = world;
    const idle = Array.from({ length: IDLE }, () => world.open());
    const long = new LongTalk(world.open());
    const reading = long.read();
    await clock.advanceUntil(() => world.client.isAttached, 10_000, "a carrier");
    let [begun, done, underWay] = [0, 0, 0];
    const heap: number[] = [];
    const startMs = clock.now();
    while (done < SHORT) {
      while (underWay < AT_ONCE && begun < SHORT) {
        underWay++;
        world.talk(world.open(), ++begun).then(() => (done++, underWay--), (error) => faults.push(String(error)));
      }
      await clock.run(long.send(), LIMIT_MS, "a byte of the long stream");
      await clock.advance(LONG_MS);
      assertEquals(faults, []);
      assert(clock.now() - startMs < LIMIT_MS, `${done} of ${SHORT} are done`);
      if (heap.length === 0 && done > SHORT / 3) heap.push(heapBytes());
    }
    heap.push(heapBytes());
    await long.end();
    await clock.run(reading, 60_000, "the end of the long stream");
    assertEquals([long.came, world.client.streamCount], [long.sent, IDLE]);
    // Those that rested work still.
    const rested = Promise.all(idle.map((user, index) => world.talk(user, index)));
    await clock.run(rested.then(() => {}), 600_000, "what those say that rested");
    assertEquals(world.client.streamCount, 0);
    const stopped = Promise.all([world.client.stop("the test is over"), world.server.stop("the test is over")]);
    await clock.run(stopped.then(() => {}), 60_000, "the end");
    await clock.advance(1_000);
    const [third, end] = heap.map((bytes) => (bytes / 2 ** 20).toFixed(1));
    console.log(
      `  ${SHORT} short streams beside ${IDLE} and one of ${long.sent} bytes on ${world.carriers} carriers, ` +
        `in ${(clock.now() / 1000).toFixed(0)} s of its time; heap ${third} MiB at a third, ${end} MiB at the end`,
    );
    assertEquals([world.lines, faults, world.held.size, clock.pendingTimers], [[], [], 0, 0]);
    assert(heap[1] - heap[0] < MOST_GROWTH_BYTES, "the heap grew");
  } finally {
    stopCounting();
    onMemoryFault(undefined);
  }
});

/** What is held when all garbage is collected. */
function heapBytes(): number {
  collect();
  return Deno.memoryUsage().heapUsed + Deno.memoryUsage().external;
}
