/**
 * What an idle stream keeps on the heap, to the byte: what a process takes resident hides it behind what V8 sets aside.
 *
 * @module
 */
import { assert, assertEquals } from "@std/assert";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import type { Duplex } from "../../lib/net/duplex.ts";
import { MuxWorld } from "../support/mux_world.ts";

setFlagsFromString("--expose-gc");
const collect = runInNewContext("gc") as () => void;

const STREAMS = 2_000;

/** What the objects of a stream may take at both ends together, in bytes; buffers are not on the heap. */
const MOST_BYTES = 3_500;

/** A user that sends a byte, and nothing more. */
class QuietUser implements Duplex {
  readonly peer = "a quiet user";
  #hasSent = false;

  read(): Promise<never> {
    return Promise.reject(new Error("it has readWith"));
  }

  readWith(_into: Uint8Array, onRead: (count: number | null) => void): void {
    if (!this.#hasSent) queueMicrotask(() => onRead(1));
    this.#hasSent = true;
  }

  write(): Promise<void> {
    return Promise.resolve();
  }

  closeWrite(): Promise<void> {
    return Promise.resolve();
  }

  abort(): void {}

  close(): void {}
}

function heapBytes(): number {
  collect();
  return Deno.memoryUsage().heapUsed;
}

Deno.test(`an idle stream keeps less than ${MOST_BYTES} bytes of objects at both ends together`, async () => {
  let dialled = 0;
  const dial = () => {
    dialled++;
    return Promise.resolve(new QuietUser());
  };
  await using world = new MuxWorld({ server: { dial } });
  await world.attached();
  const open = async (count: number) => {
    for (let opened = 0; opened < count; opened++) world.client.open(new QuietUser());
    await world.clock.advanceUntil(() => dialled === world.client.streamCount, 60_000, "all users to be dialled");
    await world.clock.advance(10_000);
    world.clientWrites.length = 0;
  };
  await open(200);
  const before = heapBytes();
  await open(STREAMS);
  const bytes = Math.round((heapBytes() - before) / STREAMS);
  assertEquals(world.client.streamCount, STREAMS + 200);
  console.log(`  ${bytes} bytes`);
  assert(bytes > 0 && bytes < MOST_BYTES, `${bytes} bytes`);
});
