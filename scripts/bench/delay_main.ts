/**
 * A wide-area path where there are no network namespaces: `delay_main.ts PORT TO ROUND-TRIP-MS MEGABITS QUEUE-KIB`, a
 * TCP relay on 127.0.0.1 with delay, rate and a bounded queue. All its connections share the rate. What TCP itself does
 * on a long path (slow start, window limits, loss) is not in it, but for the round trip that a new connection needs.
 *
 * @module
 */
import { pause } from "../../tests/support/wait.ts";

const BLOCK_BYTES = 16 * 1024;

/** One direction of the path, for all connections together. */
class Line {
  readonly #bytesPerMs: number;
  readonly #queueMs: number;
  /** When what was given to the line so far will have left it. */
  #busyUntilMs = 0;

  constructor(megabits: number, queueKib: number) {
    this.#bytesPerMs = megabits * 1e6 / 8 / 1_000;
    this.#queueMs = queueKib * 1024 / this.#bytesPerMs;
  }

  /** Waits for room in the queue, takes some bytes, and tells when the last of them will have left. */
  async take(bytes: number): Promise<number> {
    for (let over = this.#overMs(); over > 0; over = this.#overMs()) await pause(over);
    this.#busyUntilMs = Math.max(this.#busyUntilMs, performance.now()) + bytes / this.#bytesPerMs;
    return this.#busyUntilMs;
  }

  #overMs(): number {
    return this.#busyUntilMs - performance.now() - this.#queueMs;
  }
}

async function pump(from: Deno.TcpConn, to: Deno.TcpConn, line: Line, oneWayMs: number, notBeforeMs: number) {
  const waiting: { dueMs: number; bytes: Uint8Array | null }[] = [];
  let wake = Promise.withResolvers<void>();
  let isBroken = false;
  const writing = (async () => {
    while (true) {
      const next = waiting.shift();
      if (next === undefined) {
        await wake.promise;
        wake = Promise.withResolvers();
        continue;
      }
      await pause(Math.max(0, next.dueMs - performance.now()));
      if (next.bytes === null) return await to.closeWrite();
      for (let done = 0; done < next.bytes.length;) done += await to.write(next.bytes.subarray(done));
    }
  })();
  writing.catch(() => isBroken = true);
  const buffer = new Uint8Array(BLOCK_BYTES);
  while (!isBroken) {
    const read = await from.read(buffer);
    const leftMs = Math.max(await line.take(read ?? 0), notBeforeMs);
    waiting.push({ dueMs: leftMs + oneWayMs, bytes: read === null ? null : buffer.slice(0, read) });
    wake.resolve();
    if (read === null) break;
  }
  await writing;
}

async function relay(near: Deno.TcpConn, to: number, roundTripMs: number, up: Line, down: Line): Promise<void> {
  using _near = near;
  // The kernel has accepted at once; on a long path the other end learns of it half a round trip later, and the first
  // data leaves after a whole one.
  const openMs = performance.now() + roundTripMs;
  await pause(roundTripMs / 2);
  using far = await Deno.connect({ hostname: "127.0.0.1", port: to });
  near.setNoDelay(true);
  far.setNoDelay(true);
  await Promise.all([
    pump(near, far, up, roundTripMs / 2, openMs),
    pump(far, near, down, roundTripMs / 2, 0),
  ]);
}

const [port, to, roundTripMs, megabits, queueKib] = Deno.args.map(Number);
const [up, down] = [new Line(megabits, queueKib), new Line(megabits, queueKib)];
for await (const connection of Deno.listen({ hostname: "127.0.0.1", port })) {
  relay(connection, to, roundTripMs, up, down).catch(() => {});
}
