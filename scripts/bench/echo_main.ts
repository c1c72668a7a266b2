/**
 * What tele itself needs for an echo, without sockets: `echo_main.ts`. Both ends of a session in one process, whose
 * users are called back, as those of handles are, and whose carrier has promises, as a `Deno.Conn` has.
 *
 * It tells processor time, so that a busy machine matters little, and clock reads. Two checkouts are compared by turns,
 * each by its own copy of this file.
 *
 * @module
 */
import { MuxClient, MuxServer } from "../../lib/mux/link.ts";
import type { Duplex } from "../../lib/net/duplex.ts";
import { quantile } from "./statistics.ts";

const MESSAGE = new Uint8Array(64).fill(101);

/** Echoes between two turns of the event loop, in which timers fire. */
const TURN_ECHOES = 200;

const WARM_ECHOES = 20_000, BLOCKS = 9, BLOCK_ECHOES = 10_000;

/** One direction of the carrier. */
class Lane {
  readonly #waiting: Uint8Array[] = [];
  #reading: { into: Uint8Array; resolve(count: number): void } | undefined;

  read(into: Uint8Array): Promise<number> {
    const bytes = this.#waiting.shift();
    if (bytes === undefined) return new Promise((resolve) => this.#reading = { into, resolve });
    into.set(bytes);
    return Promise.resolve(bytes.length);
  }

  write(bytes: Uint8Array): Promise<void> {
    const reading = this.#reading;
    this.#reading = undefined;
    if (reading === undefined) this.#waiting.push(bytes.slice());
    else {
      reading.into.set(bytes);
      reading.resolve(bytes.length);
    }
    return Promise.resolve();
  }
}

function carrierEnd(inward: Lane, outward: Lane): Duplex {
  return {
    peer: "the other end",
    read: (into) => inward.read(into),
    write: (bytes) => outward.write(bytes),
    closeWrite: () => Promise.resolve(),
    abort() {},
    close() {},
  };
}

/** A user that has `answers` called for what is written to it, and sends by the function that comes with it. */
function calledUser(answers: () => void): { duplex: Duplex; send: () => void } {
  let into = new Uint8Array(0), onRead: (count: number | null) => void = () => {};
  const duplex: Duplex = {
    peer: "a user",
    read: () => Promise.reject(new Error("it is called back")),
    readWith(memory, taker) {
      into = memory as Uint8Array<ArrayBuffer>;
      onRead = taker;
    },
    writeNow: () => void queueMicrotask(answers),
    write: () => Promise.resolve(answers()),
    closeWrite: () => Promise.resolve(),
    abort() {},
    close() {},
  };
  const send = () => {
    into.set(MESSAGE);
    onRead(MESSAGE.length);
  };
  return { duplex, send };
}

/** Processor time of this process' first thread, in microseconds: without those that compile and collect beside it. */
function threadMicroseconds(): number {
  return Number(Deno.readTextFileSync("/proc/self/schedstat").split(" ")[0]) / 1_000;
}

const turn = () => new Promise<void>((resolve) => setTimeout(resolve));

const clock = {
  reads: 0,
  now: () => (clock.reads++, performance.now()),
  wallNow: () => Date.now(),
  setTimer(action: () => void, delayMs: number) {
    const id = setTimeout(action, delayMs);
    return { cancel: () => clearTimeout(id) };
  },
};

const echo = calledUser(() => echo.send());
const server = new MuxServer({ clock, dial: () => Promise.resolve(echo.duplex) });
const client = new MuxClient({
  clock,
  dial() {
    const down = new Lane(), up = new Lane();
    server.accept(carrierEnd(up, down));
    return Promise.resolve(carrierEnd(down, up));
  },
});
let left = 0, finished = () => {};
const user = calledUser(() => --left > 0 ? user.send() : finished());
client.open(user.duplex);
while (!client.isAttached) await turn();

async function echoes(count: number): Promise<void> {
  for (let done = 0; done < count; done += TURN_ECHOES) {
    await new Promise<void>((resolve) => {
      left = TURN_ECHOES;
      finished = resolve;
      user.send();
    });
    await turn();
  }
}

await echoes(WARM_ECHOES);
clock.reads = 0;
const blocks: number[] = [];
for (let block = 0; block < BLOCKS; block++) {
  const before = threadMicroseconds();
  await echoes(BLOCK_ECHOES);
  blocks.push((threadMicroseconds() - before) / BLOCK_ECHOES);
}
const [least, median] = [0, 0.5].map((part) => quantile(blocks, part).toFixed(2));
console.log(
  `one echo, both ends: ${median} µs, at the least ${least}; ${clock.reads / BLOCKS / BLOCK_ECHOES} clock reads`,
);
Deno.exit(0);
