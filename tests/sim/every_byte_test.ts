/** Whatever users and the network do, every byte arrives once and in order. */
import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import type { Duplex } from "../../lib/net/duplex.ts";
import { generated } from "../support/random.ts";
import { KIB, MuxWorld } from "../support/mux_world.ts";
import { collect, type Received } from "../support/reading.ts";

/** What may happen in a run of the property below. */
type Act =
  | { act: "write"; stream: number; up: boolean; bytes: number }
  | { act: "finish"; stream: number; up: boolean }
  | { act: "cut" }
  | { act: "cutAfter"; up: boolean; bytes: number }
  | { act: "blackHole" }
  | { act: "wait"; ms: number };

const STREAMS = 3;
const streamNumber = fc.integer({ min: 0, max: STREAMS - 1 });
const act: fc.Arbitrary<Act> = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({
      act: fc.constant("write" as const),
      stream: streamNumber,
      up: fc.boolean(),
      bytes: fc.oneof(fc.integer({ min: 1, max: 300 }), fc.constantFrom(5_000, 70_000, 300_000)),
    }),
  },
  { weight: 1, arbitrary: fc.record({ act: fc.constant("finish" as const), stream: streamNumber, up: fc.boolean() }) },
  { weight: 2, arbitrary: fc.record({ act: fc.constant("cut" as const) }) },
  {
    weight: 3,
    arbitrary: fc.record({
      act: fc.constant("cutAfter" as const),
      up: fc.boolean(),
      bytes: fc.oneof(fc.integer({ min: 1, max: 600 }), fc.integer({ min: 600, max: 300_000 })),
    }),
  },
  { weight: 1, arbitrary: fc.record({ act: fc.constant("blackHole" as const) }) },
  {
    weight: 6,
    arbitrary: fc.record({ act: fc.constant("wait" as const), ms: fc.constantFrom(0, 1, 5, 40, 700, 5_000) }),
  },
);

/** One direction of a stream as the test drives it: writes wait for each other, as a program's would. */
class Side {
  readonly written: Uint8Array[] = [];
  readonly received: Promise<Received>;
  readonly #from: Promise<Duplex>;
  #tail: Promise<unknown>;
  #finished = false;

  constructor(from: Promise<Duplex>, to: Promise<Duplex>) {
    this.#from = this.#tail = from;
    this.received = to.then((user) => collect(user, 10_000));
  }

  write(bytes: Uint8Array): void {
    if (this.#finished) return;
    this.written.push(bytes);
    this.#tail = this.#tail.then(async () => (await this.#from).write(bytes));
    this.#tail.catch(() => {});
  }

  finish(): void {
    if (this.#finished) return;
    this.#finished = true;
    this.#tail = this.#tail.then(async () => (await this.#from).closeWrite());
    this.#tail.catch(() => {});
  }

  async check(): Promise<void> {
    await this.#tail;
    const { bytes, end } = await this.received;
    const whole = new Uint8Array(await new Blob(this.written as BlobPart[]).arrayBuffer());
    assertEquals([bytes.length, end], [whole.length, "end"]);
    assert(bytes.every((byte, at) => byte === whole[at]), "every byte once, in order");
  }
}

Deno.test("whatever is written, half-closed and cut, every byte arrives once and in order", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(act, { minLength: 5, maxLength: 40 }),
      fc.integer({ min: 1, max: 1e6 }),
      async (acts, seed) => {
        const upstream: ((user: Duplex) => void)[] = [];
        const reached = Array.from({ length: STREAMS }, () => new Promise<Duplex>((resolve) => upstream.push(resolve)));
        let served = 0;
        await using world = new MuxWorld({
          pipe: {
            seed,
            maxChunk: seed % 3 === 0 ? 20 : seed % 3 === 1 ? 5_000 : undefined,
            delayMs: seed % 2 === 0 ? 0 : 15,
          },
          serve: (user) => upstream[served++](user),
        });
        await world.attached();
        // The first byte of each stream is its number, so that the server's ends can be told apart by their order.
        const users = Array.from({ length: STREAMS }, () => world.open().user);
        const ups = users.map((user, at) => new Side(Promise.resolve(user), reached[at]));
        const downs = users.map((user, at) => new Side(reached[at], Promise.resolve(user)));
        let written = 0;
        for (const each of acts) {
          if (each.act === "write") (each.up ? ups : downs)[each.stream].write(generated(each.bytes, seed + written++));
          else if (each.act === "finish") (each.up ? ups : downs)[each.stream].finish();
          else if (each.act === "cut") world.network.cut();
          else if (each.act === "blackHole") world.network.blackHole();
          else if (each.act === "cutAfter") {
            const pipe = world.network.last!;
            const direction = each.up ? pipe.aToB : pipe.bToA;
            if (!pipe.isOver) direction.cutAfter(direction.deliveredBytes + each.bytes);
          } else await world.clock.advance(each.ms);
        }
        for (const side of [...ups, ...downs]) side.finish();
        await world.run(Promise.all([...ups, ...downs].map((side) => side.check())), 600_000, "the end of all streams");
        await world.clock.advance(1_000);
        assertEquals(world.ends.client, Array(STREAMS).fill({ kind: "finished" }));
        assertEquals(world.ends.server, Array(STREAMS).fill({ kind: "finished" }));
      },
    ),
    { numRuns: Number(Deno.env.get("TELE_FUZZ_RUNS") ?? 30), seed: Number(Deno.env.get("TELE_FUZZ_SEED") ?? 1) },
  );
});

Deno.test("a session whose carriers each live for a few KiB still finishes, both ways", async () => {
  let carriers = 0;
  await using world = new MuxWorld({
    onPipe: (pipe) => {
      carriers++;
      pipe.aToB.cutAfter(3_000);
      pipe.bToA.cutAfter(3_000);
    },
  });
  const { user } = world.open();
  await world.clock.advanceUntil(() => world.upstream.length > 0, 60_000);
  const [up, down] = [generated(100 * KIB, 1), generated(100 * KIB, 2)];
  const [upstream] = world.upstream;
  const [received, back] = await world.run(
    Promise.all([
      collect(upstream),
      collect(user),
      user.write(up).then(() => user.closeWrite()),
      upstream.write(down).then(() => upstream.closeWrite()),
    ]),
    3_600_000,
  );
  assertEquals([received.bytes, back.bytes], [up, down]);
  assert(carriers > 30, `${carriers} carriers`);
});
