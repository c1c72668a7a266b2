/** What was learned of owners: who is away is not asked by everybody, and who is gone not twice. */
import { assertEquals } from "@std/assert";
import { OwnerMemory } from "../../../../lib/session/fleet/owner_memory.ts";
import { FakeClock } from "../../../support/fake_clock.ts";

const NODE = "10.0.0.1:40301";

Deno.test("a node that could not be reached is asked by one at a time, a second later", async () => {
  const clock = new FakeClock();
  const memory = new OwnerMemory(clock);
  assertEquals([memory.mayAsk(NODE), memory.mayAsk(NODE)], [true, true]);
  assertEquals([memory.failed(NODE, 2_000), memory.failed(NODE, 2_000)], [true, false], "it is news once");
  assertEquals([memory.mayAsk(NODE), memory.mayAsk("10.0.0.2:40301")], [false, true]);
  await clock.advance(1_000);
  assertEquals([memory.mayAsk(NODE), memory.mayAsk(NODE)], [true, false]);
  await clock.advance(2_999);
  assertEquals(memory.mayAsk(NODE), false);
  await clock.advance(1);
  assertEquals(memory.mayAsk(NODE), true, "who tried never told how it went");
  assertEquals([memory.answered(NODE), memory.answered(NODE)], [true, false]);
  assertEquals([memory.mayAsk(NODE), memory.mayAsk(NODE), memory.failed(NODE, 2_000)], [true, true, true]);
});

Deno.test("one that says at once that nobody is there is asked again soon, and one that took a while as late as it took", async () => {
  const clock = new FakeClock();
  const memory = new OwnerMemory(clock);
  for (const [tookMs, pauseMs] of [[0, 100], [100, 100], [400, 400], [1_500, 1_000]] as const) {
    memory.failed(NODE, tookMs);
    await clock.advance(pauseMs - 1);
    assertEquals(memory.mayAsk(NODE), false, `${tookMs} ms`);
    await clock.advance(1);
    assertEquals(memory.mayAsk(NODE), true, `${tookMs} ms`);
  }
});

Deno.test("a session that is gone is remembered for a handshake, and not without an end", async () => {
  const clock = new FakeClock();
  const memory = new OwnerMemory(clock);
  const id = (number: number) => new Uint8Array([number >> 8, number]);
  memory.forget(id(1));
  assertEquals([memory.isGone(id(1)), memory.isGone(id(2))], [true, false]);
  await clock.advance(10_000);
  assertEquals(memory.isGone(id(1)), false);
  for (let number = 0; number <= 1024; number++) memory.forget(id(number));
  assertEquals([0, 1, 1024].map((number) => memory.isGone(id(number))), [false, true, true]);
});
