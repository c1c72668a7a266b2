/** A whole client and server where a box lets acknowledgements through in bursts, and users type and then upload. */
import { assertGreater } from "@std/assert";
import { PathWorld } from "../../support/model_path/path_world.ts";

const KEY_MS = 20, TYPED_MS = 3_000;

/** Bytes of an upload that arrive within so many milliseconds, on 20 Mbit/s where acknowledgements come each 250 ms. */
async function uploadedBytes(carriers: number, ms: number): Promise<number> {
  const path = { bytesPerMs: 2_500, roundTripMs: 40, queueBytes: 1 << 20, loss: 0, gatherMs: 0 };
  const sendBufferBytes = 3 << 20;
  await using world = new PathWorld({ path, control: "cubic", sendBufferBytes, client: { carriers } });
  world.network.down.path.gatherMs = 250;
  await world.attached();
  const { type } = world.typist();
  // Some keys meet a burst, and so find the path a short one.
  for (let atMs = 0; atMs < TYPED_MS + ms; atMs += KEY_MS) {
    if (atMs === TYPED_MS) world.upload();
    type();
    await world.clock.advance(KEY_MS);
  }
  return world.uploaded.bytes;
}

Deno.test("several carriers come up to speed where acknowledgements come in bursts", async () => {
  assertGreater(await uploadedBytes(6, 8_000), 8_000_000);
});

Deno.test("so does one, though it was found short by what met a burst", async () => {
  assertGreater(await uploadedBytes(1, 9_000), 3_000_000);
});
