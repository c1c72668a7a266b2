/** One of several carriers is slow, and the credit of a stream is not much more than its path holds. */
import { assertGreaterOrEqual } from "@std/assert";
import { MemoryBudget } from "../../lib/session/memory_budget.ts";
import { MBIT, pathOf } from "../support/model_path/model_path.ts";
import { PathWorld } from "../support/model_path/path_world.ts";

const MEGABITS = 100, SPAN_MS = 3_000;
/** Of this a stream has 2.5 MiB of credit; the path holds 1.2 MB. It is 24 MiB and 12.5 MB at 1 Gbit/s. */
const MEMORY_BYTES = 80 * 1024 * 1024;
/** What the receiver's system takes at once on the slow one, as Linux does on a new connection for some seconds. */
const SLOW_BYTES = 40 * 1024;
/** Behind the first carrier, the quiet one and one for bulk. */
const SLOW = 3;

Deno.test("a download is as fast as its path though one of its carriers brings late what it is given", async () => {
  await using world = new PathWorld({
    path: pathOf(MEGABITS, 100),
    control: "cubic",
    sendBufferBytes: 512 * 1024,
    windowBytes: (connection) => connection === SLOW ? SLOW_BYTES : Infinity,
    client: { carriers: 6, memory: new MemoryBudget(MEMORY_BYTES) },
  });
  await world.attached();
  const received = world.download();
  await world.clock.advance(2_000);
  const before = received.bytes;
  await world.clock.advance(SPAN_MS);
  assertGreaterOrEqual((received.bytes - before) / (SPAN_MS * MEGABITS * MBIT), 0.85);
});
