/** What dialing meets in memory. */
import { assertEquals, assertRejects } from "@std/assert";
import type { Duplex } from "../../../lib/net/duplex.ts";
import { settle } from "../../support/fake_clock.ts";
import { MemoryNetwork } from "../../support/memory_network.ts";
import { readExactly } from "../../support/reading.ts";

Deno.test("MemoryNetwork answers, refuses, and keeps dials waiting", async () => {
  const accepted: Duplex[] = [];
  const network = new MemoryNetwork({ onConnection: (duplex) => void accepted.push(duplex) });
  const a = await network.dial();
  await a.write(new Uint8Array([9]));
  assertEquals(await readExactly(accepted[0], 1), new Uint8Array([9]));
  network.state = "refusing";
  await assertRejects(() => network.dial(), Deno.errors.ConnectionRefused);
  network.state = "unreachable";
  const aborting = new AbortController();
  const aborted = assertRejects(() => network.dial(aborting.signal), Error, "given up");
  const patient = network.dial();
  await settle();
  aborting.abort(new Error("given up"));
  await aborted;
  network.state = "up";
  await patient;
  assertEquals([network.dials, network.pipes.length, accepted.length], [4, 2, 2]);
  network.cut();
  await assertRejects(() => a.write(new Uint8Array(1)), Deno.errors.ConnectionReset);
});
