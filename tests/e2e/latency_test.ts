/** Small pieces travel at once. */
import { assert } from "@std/assert";
import { scenario } from "../support/scenario.ts";
import { readExactly } from "../support/reading.ts";
import { connectTo, UserServer, writeAll } from "../support/user_programs.ts";

Deno.test(
  "write-write-read of small pieces takes no 40 ms step: Nagle is off at both user ends and on the carrier",
  scenario(60_000, async (s) => {
    // Both ends write twice and then read: with Nagle on anywhere, the second piece waits for a delayed
    // acknowledgement.
    const user = s.use(
      new UserServer(async (connection) => {
        while (true) {
          await readExactly(connection, 2);
          await writeAll(connection, new Uint8Array([1]));
          await writeAll(connection, new Uint8Array([2]));
        }
      }),
    );
    const { port } = await s.tunnel(user.port);
    using connection = await connectTo(port);
    const times: number[] = [];
    for (let i = 0; i < 200; i++) {
      const start = performance.now();
      await writeAll(connection, new Uint8Array([3]));
      await writeAll(connection, new Uint8Array([4]));
      await readExactly(connection, 2);
      times.push(performance.now() - start);
    }
    times.sort((a, b) => a - b);
    assert(times[100] < 20, `median ${times[100].toFixed(2)} ms`);
    const slow = times.filter((ms) => ms >= 38).length;
    assert(slow < 20, `${slow} of 200 rounds took 38 ms or more`);
  }),
);
