/** One of two paths dies and tells nobody: for how long nothing moves. */
import { assertEquals, assertLessOrEqual } from "@std/assert";
import type { Duplex } from "../../lib/net/duplex.ts";
import { echo, KIB } from "../support/mux_world.ts";
import { readOn, Stillness, TwoPaths, typeOn, type Way } from "../support/two_paths.ts";

/** By then both paths have found their pace. */
const WARM_MS = 2_000;

/** A download that never ends, for who asks for it, and an echo for all others. */
async function serve(user: Duplex): Promise<void> {
  const first = new Uint8Array(1);
  await user.read(first);
  if (first[0] !== "d".charCodeAt(0)) return await echo(user);
  try {
    for (const chunk = new Uint8Array(64 * KIB);;) await user.write(chunk);
  } catch {
    // The test is over.
  }
}

/** A download that has run for a moment, and a connection for keys beside it. */
async function busy() {
  const two = new TwoPaths({ serve: (user) => void serve(user) });
  const { clock } = two.world;
  await two.world.attached();
  const [typing, downloading] = [two.world.open().user, two.world.open().user];
  await typing.write(new Uint8Array([1, 1]));
  await downloading.write(new TextEncoder().encode("d"));
  const download = Object.assign(new Stillness(), { bytes: 0 });
  void readOn(downloading, (bytes) => {
    download.bytes += bytes;
    download.came(clock.now());
  });
  return { two, typing, download };
}

/** The longest stillness of keys and of a download behind the death of a path. */
async function measure(path: number, way: Way): Promise<{ keys: number; download: number }> {
  const { two, typing, download } = await busy();
  const { clock } = two.world;
  const keys = new Stillness();
  void readOn(typing, () => keys.came(clock.now()));
  const stopTyping = typeOn(typing, clock, 1);
  await clock.advance(WARM_MS);
  for (const stillness of [keys, download]) stillness.begin(clock.now());
  two.die(path, way);
  await clock.advance(2_000);
  stopTyping();
  await two.world[Symbol.asyncDispose]();
  return { keys: keys.longestMs, download: download.longestMs };
}

for (const path of [0, 1]) {
  for (const way of ["both ways", "aToB", "bToA"] as const) {
    Deno.test(`when path ${path} dies ${way}, keys wait for 200 ms at the most and a download for 350`, async () => {
      const { keys, download } = await measure(path, way);
      assertLessOrEqual(keys, 200);
      assertLessOrEqual(download, 350);
    });
  }
}

Deno.test("the first keystroke behind a second of idleness waits for 200 ms at the most, whichever way a path died", async () => {
  for (const path of [0, 1]) {
    for (const way of ["both ways", "aToB", "bToA"] as const) {
      const { two, typing } = await busy();
      const { clock } = two.world;
      let cameMs = Infinity;
      void readOn(typing, () => cameMs = Math.min(cameMs, clock.now()));
      await clock.advance(WARM_MS);
      two.die(path, way);
      const sentMs = clock.now();
      cameMs = Infinity;
      await typing.write(new Uint8Array([1]));
      await clock.advance(500);
      assertLessOrEqual(cameMs - sentMs, 200, `path ${path}, ${way}`);
      await two.world[Symbol.asyncDispose]();
    }
  }
});

/** The share of a download that is sent twice, where each of two paths pauses for 300 ms each second. */
async function sentTwice(offsetMs: number): Promise<number> {
  const { two, download } = await busy();
  const { clock } = two.world;
  await clock.advance(WARM_MS);
  const sent = () => two.pipes.reduce((sum, { bToA }) => sum + bToA.deliveredBytes, 0);
  const [sentBefore, cameBefore] = [sent(), download.bytes];
  for (let second = 0; second < 8; second++) {
    for (const [path, { pipes }] of two.networks.entries()) {
      const pauseMs = path * offsetMs;
      clock.setTimer(() => pipes.forEach((pipe) => pipe.hold()), pauseMs);
      clock.setTimer(() => pipes.forEach((pipe) => pipe.release()), pauseMs + 300);
    }
    await clock.advance(1_000);
  }
  const share = (sent() - sentBefore) / (download.bytes - cameBefore) - 1;
  assertEquals(two.world.log.filter((line) => line.includes("is lost")), [], `pauses ${offsetMs} ms apart`);
  await two.world[Symbol.asyncDispose]();
  return share;
}

// Which pieces stand still when a pause begins is chance: of one distance alone it is 3 to 6 %.
Deno.test("pauses of 300 ms each second on both paths send at most 5 % twice on average, and cost no carrier", async () => {
  const shares: number[] = [];
  for (let offsetMs = 0; offsetMs < 1_000; offsetMs += 100) shares.push(await sentTwice(offsetMs));
  const mean = shares.reduce((sum, share) => sum + share, 0) / shares.length;
  assertLessOrEqual(mean, 0.05, shares.join(", "));
});
