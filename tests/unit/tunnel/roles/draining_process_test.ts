/** SIGQUIT, whenever it comes. */
import { assertEquals } from "@std/assert";
import { DrainingProcess } from "../../../../lib/tunnel/roles/draining_process.ts";
import { FakeClock } from "../../../support/fake_clock.ts";

function setUp() {
  const clock = new FakeClock();
  const told: string[] = [];
  const over = Promise.withResolvers<string>();
  const role = { connections: 2, asked: 0, left: 0, returned: 0 };
  const drained = {
    connections: () => role.connections,
    leavePorts: () => void role.left++,
    returnToPorts: () => Promise.resolve(void role.returned++),
    drain: () => {
      role.asked++;
      return over.promise;
    },
  };
  const manager = { status: (status: string) => void told.push(status) };
  return { clock, told, over, role, drained, manager, process: new DrainingProcess(clock) };
}

Deno.test("each signal asks what runs, and the first one's answer says why the process ends", async () => {
  const { over, role, drained, process } = setUp();
  process.runs(drained, undefined);
  assertEquals([process.isAsked, role.asked], [false, 0]);
  process.ask();
  process.ask();
  assertEquals([process.isAsked, role.asked], [true, 2]);
  over.resolve("drained");
  assertEquals(await process.over, "drained");
});

Deno.test("a signal that comes before anything runs is obeyed when it does", () => {
  const { role, drained, process } = setUp();
  process.ask();
  process.ask();
  process.runs(drained, undefined);
  assertEquals(role.asked, 1);
});

Deno.test("its ports are left to others as soon as it runs, and that drains nothing", () => {
  for (const isEarly of [true, false]) {
    const { role, drained, process } = setUp();
    if (isEarly) process.leavePorts();
    assertEquals(role.left, 0);
    process.runs(drained, undefined);
    if (!isEarly) process.leavePorts();
    assertEquals([role.left, role.asked, process.isAsked], [1, 0, false]);
  }
});

Deno.test("it comes back to its ports, and one that does not run yet never leaves them", async () => {
  const { role, drained, process } = setUp();
  process.runs(drained, undefined);
  process.leavePorts();
  assertEquals([process.hasLeftPorts, role.returned], [true, 0]);
  await process.returnToPorts();
  assertEquals([process.hasLeftPorts, role.returned], [false, 1]);
  const early = setUp();
  early.process.leavePorts();
  await early.process.returnToPorts();
  early.process.runs(early.drained, undefined);
  assertEquals([early.role.left, early.role.returned], [0, 0]);
});

Deno.test("a service manager is told every five seconds what is left", async () => {
  const { clock, told, role, drained, manager, process } = setUp();
  process.runs(drained, manager);
  await clock.advance(60_000);
  assertEquals(told, []);
  process.ask();
  role.connections = 1;
  await clock.advance(5_000);
  assertEquals(told, [2, 1].map((left) => `draining: takes nothing new; connections left: ${left}`));
});
