/** A path begins to swallow large packets while several carriers have bulk on it: what is small goes on. */
import { assertGreaterOrEqual } from "@std/assert";
import type { Duplex } from "../../lib/net/duplex.ts";
import { duplexPair } from "../../lib/net/pipe.ts";
import { KIB, MuxWorld } from "../support/mux_world.ts";

/** Of a write: a small piece with the headers in front of it is not more. */
const LARGEST_BYTES = 1_300;

/** Reads to the end, and tells how much came. */
async function take(user: Duplex, came: (bytes: number) => void): Promise<void> {
  const into = new Uint8Array(64 * KIB);
  for (let count = await user.read(into); count !== null; count = await user.read(into)) came(count);
}

async function flood(user: Duplex): Promise<void> {
  while (true) await user.write(new Uint8Array(16 * KIB));
}

for (const carriers of [2, 3, 6]) {
  Deno.test(`uploads over ${carriers} carriers go on in small pieces where the path begins to swallow large ones`, async () => {
    let arrived = 0, largestBytes = Infinity;
    await using world = new MuxWorld({
      pipe: { delayMs: 20, bytesPerSecond: 1_000_000, bufferBytes: 256 * KIB },
      client: { carriers, leastCarriers: carriers },
      onPipe: (pipe) => pipe.aToB.largestBytes = largestBytes,
      serve: (user) => take(user, (bytes) => arrived += bytes).catch(() => {}),
    });
    const { clock, client, network } = world;
    await clock.advanceUntil(() => client.isAttached, 5_000, "a carrier");
    for (let left = 3; left > 0; left--) {
      const [user, far] = duplexPair();
      client.open(far);
      flood(user).catch(() => {});
    }
    await clock.advance(3_000);
    largestBytes = LARGEST_BYTES;
    for (const pipe of network.pipes) pipe.aToB.largestBytes = largestBytes;
    // By then each carrier has tried a large piece in vain.
    await clock.advance(50_000);
    const before = arrived;
    await clock.advance(10_000);
    // Eight pieces of a kilobyte each round trip of 40 ms are 200 kB/s.
    assertGreaterOrEqual(arrived - before, 1_000_000);
  });
}
