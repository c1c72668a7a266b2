/** Both paths have begun with small pieces when one of them dies: what waits there goes on the other all the same. */
import { assertLessOrEqual } from "@std/assert";
import type { Duplex } from "../../lib/net/duplex.ts";
import type { MemoryPipe } from "../support/memory_pipe.ts";
import { MemoryNetwork } from "../support/memory_network.ts";
import { echo, MuxWorld } from "../support/mux_world.ts";

/** With the headers of session frames: what the smallest paths carry. */
const LARGEST_BYTES = 1_150;
const KEY_MS = 20;

/** A client with two paths that have swallowed something large, and an echo. */
class CarefulPaths {
  readonly networks: MemoryNetwork[] = [];
  readonly world: MuxWorld;
  /** Bytes that came back to the user. */
  cameBytes = 0;
  /** The longest time in which nothing came, in milliseconds. */
  longestMs = 0;
  #lastMs = 0;

  constructor() {
    this.world = new MuxWorld({
      client: {
        paths: ["one", "other"],
        dial: async (signal, _connected, path) => {
          await Promise.resolve();
          return await this.networks[path].dial(signal);
        },
      },
      serve: (user) => void echo(user),
    });
    const { clock } = this.world;
    for (const names of [["a", "one"], ["a", "other"]] as [string, string][]) {
      const path = { clock, delayMs: 20, bytesPerSecond: 1_250_000, bufferBytes: 65_536, names };
      this.networks.push(
        new MemoryNetwork({ ...path, onConnection: (duplex) => void this.world.server.accept(duplex) }),
      );
    }
  }

  get #pipes(): MemoryPipe[] {
    return this.networks.flatMap(({ pipes }) => pipes);
  }

  /** The longest that an arriving byte may be from here on. */
  largest(bytes: number): void {
    const set = ({ aToB, bToA }: MemoryPipe) => aToB.largestBytes = bToA.largestBytes = bytes;
    for (const network of this.networks) network.onPipe = set;
    this.#pipes.forEach(set);
  }

  begin(): void {
    this.longestMs = 0;
    this.#lastMs = this.world.clock.now();
  }

  came(bytes: number): void {
    const nowMs = this.world.clock.now();
    this.cameBytes += bytes;
    this.longestMs = Math.max(this.longestMs, nowMs - this.#lastMs);
    this.#lastMs = nowMs;
  }

  die(path: number): void {
    for (const pipe of this.networks[path].pipes) pipe.blackHole();
    this.networks[path].state = "unreachable";
  }
}

async function read(user: Duplex, came: (bytes: number) => void): Promise<void> {
  const into = new Uint8Array(65_536);
  for (let count = await user.read(into); count !== null; count = await user.read(into)) came(count);
}

/** The longest that keys of so many bytes wait behind the death of a path, in milliseconds. */
async function measure(path: number, keyBytes: number): Promise<number> {
  const paths = new CarefulPaths(), { world, networks } = paths, { clock } = world;
  await world.attached();
  const { user } = world.open();
  void read(user, (bytes) => paths.came(bytes)).catch(() => {});
  await user.write(new Uint8Array(1));
  await clock.advanceUntil(() => networks.every(({ pipes }) => pipes.length > 0), 5_000, "both paths");
  paths.largest(LARGEST_BYTES);
  // Too little for a large piece to be tried behind it.
  await user.write(new Uint8Array(3_000));
  await clock.advanceUntil(() => paths.cameBytes === 3_001, 20_000, "all, in small pieces");
  paths.largest(Infinity);
  let isTyping = true;
  const type = () => {
    if (!isTyping) return;
    void user.write(new Uint8Array(keyBytes)).catch(() => {});
    clock.setTimer(type, KEY_MS);
  };
  type();
  await clock.advance(1_000);
  paths.begin();
  paths.die(path);
  await clock.advance(3_000);
  isTyping = false;
  await world[Symbol.asyncDispose]();
  return paths.longestMs;
}

for (const path of [0, 1]) {
  Deno.test(`when path ${path} of two that send small pieces dies, keys wait for 200 ms at the most`, async () => {
    // Beyond 32 KiB a second nothing goes on both: what waits must go again.
    for (const bytes of [1, 800]) assertLessOrEqual(await measure(path, bytes), 200, `keys of ${bytes} bytes`);
  });
}
