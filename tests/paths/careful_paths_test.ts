/** Both paths have begun with small pieces when one of them dies: what waits there goes on the other all the same. */
import { assertLessOrEqual } from "@std/assert";
import type { MemoryPipe } from "../support/memory_pipe.ts";
import { echo } from "../support/mux_world.ts";
import { readOn, Stillness, TwoPaths, typeOn } from "../support/two_paths.ts";

/** With the headers of session frames: what the smallest paths carry. */
const LARGEST_BYTES = 1_150;

/** The longest that an arriving byte of both paths may be from here on. */
function setLargest({ networks, pipes }: TwoPaths, bytes: number): void {
  const set = ({ aToB, bToA }: MemoryPipe) => aToB.largestBytes = bToA.largestBytes = bytes;
  for (const network of networks) network.onPipe = set;
  pipes.forEach(set);
}

/** The longest that keys of so many bytes wait behind the death of a path, in milliseconds. */
async function measure(path: number, keyBytes: number): Promise<number> {
  const paths = new TwoPaths({ serve: (user) => void echo(user) }), { world, networks } = paths, { clock } = world;
  const stillness = new Stillness();
  let cameBytes = 0;
  await world.attached();
  const { user } = world.open();
  void readOn(user, (bytes) => {
    cameBytes += bytes;
    stillness.came(clock.now());
  });
  await user.write(new Uint8Array(1));
  await clock.advanceUntil(() => networks.every(({ pipes }) => pipes.length > 0), 5_000, "both paths");
  setLargest(paths, LARGEST_BYTES);
  // Too little for a large piece to be tried behind it.
  await user.write(new Uint8Array(3_000));
  await clock.advanceUntil(() => cameBytes === 3_001, 20_000, "all, in small pieces");
  setLargest(paths, Infinity);
  const stopTyping = typeOn(user, clock, keyBytes);
  await clock.advance(1_000);
  stillness.begin(clock.now());
  paths.die(path);
  await clock.advance(3_000);
  stopTyping();
  await world[Symbol.asyncDispose]();
  return stillness.longestMs;
}

for (const path of [0, 1]) {
  Deno.test(`when path ${path} of two that send small pieces dies, keys wait for 200 ms at the most`, async () => {
    // Beyond 32 KiB a second nothing goes on both: what waits must go again.
    for (const bytes of [1, 800]) assertLessOrEqual(await measure(path, bytes), 200, `keys of ${bytes} bytes`);
  });
}
