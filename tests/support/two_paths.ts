/**
 * A client with two paths to a server, in memory, of which one may die; and how long its users then waited.
 *
 * @module
 */
import type { Clock } from "../../lib/net/clock.ts";
import type { Duplex } from "../../lib/net/duplex.ts";
import { MemoryNetwork } from "./memory_network.ts";
import type { MemoryPipe } from "./memory_pipe.ts";
import { KIB, MuxWorld } from "./mux_world.ts";

const MBIT = 125_000;
const KEY_MS = 20;

/** Which direction of a path dies. */
export type Way = "both ways" | "aToB" | "bToA";

/** The two paths are alike. */
export class TwoPaths {
  readonly networks: MemoryNetwork[] = [];
  readonly world: MuxWorld;

  /** `serve` is the server's user, of each connection. */
  constructor({ serve, roundTripMs = 40, megabits = 10 }: {
    serve: (user: Duplex) => void;
    roundTripMs?: number;
    megabits?: number;
  }) {
    this.world = new MuxWorld({
      client: {
        paths: ["one", "other"],
        // The client dials before the networks are there.
        dial: async (signal, _connected, path) => {
          await Promise.resolve();
          return await this.networks[path].dial(signal);
        },
      },
      serve,
    });
    const { clock } = this.world;
    for (const names of [["a", "one"], ["a", "other"]] as [string, string][]) {
      const path = { clock, delayMs: roundTripMs / 2, bytesPerSecond: megabits * MBIT, bufferBytes: 64 * KIB, names };
      this.networks.push(
        new MemoryNetwork({ ...path, onConnection: (duplex) => void this.world.server.accept(duplex) }),
      );
    }
  }

  /** All connections, of both paths. */
  get pipes(): MemoryPipe[] {
    return this.networks.flatMap(({ pipes }) => pipes);
  }

  /** It swallows what it has and gets, and is dialed in vain. */
  die(path: number, way: Way = "both ways"): void {
    const network = this.networks[path];
    for (const pipe of network.pipes) {
      if (way === "both ways") pipe.blackHole();
      else pipe[way].blackHole();
    }
    network.state = "unreachable";
  }
}

/** The longest time in which nothing came, in milliseconds. */
export class Stillness {
  longestMs = 0;
  #lastMs = Infinity;

  /** From now on. */
  begin(nowMs: number): void {
    this.longestMs = 0;
    this.#lastMs = nowMs;
  }

  /** Something came. */
  came(nowMs: number): void {
    this.longestMs = Math.max(this.longestMs, nowMs - this.#lastMs);
    this.#lastMs = nowMs;
  }
}

/** Tells `came` of what is read, until the end of the test. */
export async function readOn(user: Duplex, came: (bytes: number) => void): Promise<void> {
  const into = new Uint8Array(64 * KIB);
  try {
    for (let count = await user.read(into); count !== null; count = await user.read(into)) came(count);
  } catch {
    // The test is over.
  }
}

/** Types keys of so many bytes, until the function that comes back is called. */
export function typeOn(user: Duplex, clock: Clock, keyBytes: number): () => void {
  let isTyping = true;
  const type = () => {
    if (!isTyping) return;
    void user.write(new Uint8Array(keyBytes)).catch(() => {});
    clock.setTimer(type, KEY_MS);
  };
  type();
  return () => isTyping = false;
}
